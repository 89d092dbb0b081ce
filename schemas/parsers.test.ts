import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseApplySchema } from './apply-schema.ts';
import { parseGoPackage } from './go-parser.ts';
import { parseProto } from './proto-parser.ts';

test('parseProto reads fields, maps and the markers above them', () => {
  const file = parseProto(`
package k8s.io.api.x.v1;

// A thing.
// +structType=atomic
message Thing {
  // Ports of it.
  // +listType=map
  // +listMapKey=port
  // +listMapKey=protocol
  repeated .k8s.io.api.core.v1.Port ports = 2;

  map<string, string> labels = 3;
}
`);
  const thing = file.messages.get('Thing');
  assert.equal(file.package, 'k8s.io.api.x.v1');
  assert.deepEqual(thing?.markers, new Map([['structType', ['atomic']]]));
  assert.deepEqual(thing?.fields, [
    {
      name: 'ports',
      number: 2,
      type: '.k8s.io.api.core.v1.Port',
      shape: 'list',
      markers: new Map([
        ['listType', ['map']],
        ['listMapKey', ['port', 'protocol']],
      ]),
    },
    { name: 'labels', number: 3, type: 'string', shape: 'map', markers: new Map() },
  ]);
});

test('parseGoPackage reads tags, embedded structs, enums and removals', () => {
  const types = `
import (
	v1 "k8s.io/api/core/v1"
)

// +enum
type Mode string

const (
	ModeA Mode = "A"
	ModeB      = Mode("B")
)

type Thing struct {
	metav1.TypeMeta \`json:",inline"\`
	// Gone bool \`json:"gone,omitempty" protobuf:"varint,9,opt,name=gone"\`
	Modes []Mode \`json:"modes,omitempty" protobuf:"bytes,2,rep,name=modes"\`
	v1.Source \`json:",inline" protobuf:"bytes,3,opt,name=source"\`
}
`;
  const lifecycle = 'func (in *Thing) APILifecycleRemoved() (major, minor int) {\n\treturn 1, 25\n}';
  const files = {
    'types.go': types,
    'zz_generated.prerelease-lifecycle.go': lifecycle,
    'register.go': 'const GroupName = "x.io"',
  };
  const parsed = parseGoPackage(new Map(Object.entries(files)));
  assert.equal(parsed.groupName, 'x.io');
  assert.deepEqual(parsed.enums.get('Mode'), ['A', 'B']);
  assert.equal(parsed.imports.get('v1'), 'k8s.io.api.core.v1');
  assert.equal(parsed.removedIn.get('Thing'), 25);
  const [typeMeta, modes, source, ...rest] = parsed.structs.get('Thing') ?? [];
  assert.equal(typeMeta?.embedded, true);
  assert.deepEqual(modes, {
    jsonName: 'modes',
    omitEmpty: true,
    goType: '[]Mode',
    number: 2,
    embedded: false,
  });
  assert.deepEqual(source, {
    jsonName: '',
    omitEmpty: false,
    goType: 'v1.Source',
    number: 3,
    embedded: true,
  });
  assert.deepEqual(rest, []);
});

test('parseApplySchema reads relationships and defaults', () => {
  const types = parseApplySchema(`var schemaYAML = typed.YAMLObject(\`types:
- name: io.k8s.api.x.v1.Thing
  map:
    fields:
    - name: ports
      type:
        list:
          elementType:
            namedType: io.k8s.api.x.v1.Port
          elementRelationship: associative
          keys:
          - port
    - name: names
      type:
        list:
          elementType:
            scalar: string
          elementRelationship: associative
    - name: protocol
      type:
        scalar: string
      default: TCP
    elementRelationship: atomic
\`)`);
  const thing = types.get('io.k8s.api.x.v1.Thing');
  assert.equal(thing?.atomic, true);
  assert.deepEqual(thing?.fields.get('ports'), { listType: 'map', listMapKeys: ['port'] });
  assert.deepEqual(thing?.fields.get('names'), { listType: 'set' });
  assert.deepEqual(thing?.fields.get('protocol'), { default: 'TCP' });
});
