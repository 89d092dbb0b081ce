import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StatusError } from '../../base/status-error.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { GroupVersionKind } from '../meta.ts';
import { schemaForKind } from '../schema.ts';
import { type Decoded, type DecodeOptions, decodeObject } from './structural.ts';

const DEPLOYMENT: GroupVersionKind = { group: 'apps', version: 'v1', kind: 'Deployment' };
const POD: GroupVersionKind = { group: '', version: 'v1', kind: 'Pod' };
const CRD: GroupVersionKind = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
};

function decode(
  value: JsonValue,
  gvk = DEPLOYMENT,
  options: DecodeOptions = { fieldValidation: 'Ignore' },
): Decoded {
  const schema = schemaForKind(gvk);
  assert.ok(schema);
  return decodeObject(value, gvk, schema, options);
}

function complaint(value: JsonValue, gvk = DEPLOYMENT, options?: DecodeOptions): string {
  let message = '';
  assert.throws(
    () => decode(value, gvk, options),
    (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.code, 400);
      assert.equal(error.reason, 'BadRequest');
      message = error.message;
      return true;
    },
  );
  const head = `${gvk.kind} in version "${gvk.version}" cannot be handled as a ${gvk.kind}: `;
  assert.ok(message.startsWith(head), message);
  return message.slice(head.length);
}

const podSpec = (container: JsonObject): JsonObject => ({ spec: { containers: [container] } });

test('decodeObject refuses a wrong JSON type in the words of Go', () => {
  const cases: [JsonValue, string, string][] = [
    [{ spec: { replicas: 'x' } }, 'string into Go struct field DeploymentSpec.spec.replicas', 'int32'],
    [{ spec: { replicas: 1.5 } }, 'number 1.5 into Go struct field DeploymentSpec.spec.replicas', 'int32'],
    [
      { spec: { replicas: 2147483648 } },
      'number 2147483648 into Go struct field DeploymentSpec.spec.replicas',
      'int32',
    ],
    [{ spec: { paused: 'yes' } }, 'string into Go struct field DeploymentSpec.spec.paused', 'bool'],
    [{ spec: [] }, 'array into Go struct field Deployment.spec', 'v1.DeploymentSpec'],
    [{ metadata: { labels: { a: 1 } } }, 'number into Go struct field ObjectMeta.metadata.labels', 'string'],
    [
      { metadata: { labels: [] } },
      'array into Go struct field ObjectMeta.metadata.labels',
      'map[string]string',
    ],
    [
      { metadata: { creationTimestamp: 5 } },
      'number into Go struct field ObjectMeta.metadata.creationTimestamp',
      'string',
    ],
    [
      { spec: { template: { spec: { containers: [{ args: [true] }] } } } },
      'bool into Go struct field Container.spec.template.spec.containers.args',
      'string',
    ],
    [
      { spec: { template: { spec: { containers: [{ ports: {} }] } } } },
      'object into Go struct field Container.spec.template.spec.containers.ports',
      '[]v1.ContainerPort',
    ],
    [
      { spec: { strategy: { rollingUpdate: { maxSurge: 0.5 } } } },
      'number 0.5 into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge',
      'int32',
    ],
    [
      { spec: { template: { spec: { restartPolicy: 3 } } } },
      'number into Go struct field PodSpec.spec.template.spec.restartPolicy',
      'v1.RestartPolicy',
    ],
  ];
  for (const [value, where, type] of cases) {
    assert.equal(complaint(value), `json: cannot unmarshal ${where} of type ${type}`);
  }
});

test('decodeObject reports the first wrong type, but a malformed quantity or time before any', () => {
  const both: JsonObject = {
    spec: { replicas: 'x', template: { spec: { containers: [{ resources: { limits: { cpu: 'much' } } }] } } },
  };
  assert.match(complaint(both), /^quantities must match the regular expression/);
  const badTime = { metadata: { creationTimestamp: 'today' }, spec: { replicas: 'x' } };
  assert.match(
    complaint(badTime),
    /^parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today"/,
  );
});

test('decodeObject prunes unknown fields silently under Ignore', () => {
  const { object, warnings } = decode({ spec: { replicas: 1, foo: 1 }, bar: {} });
  assert.deepEqual(object, { spec: { replicas: 1 } });
  assert.deepEqual(warnings, []);
});

test('decodeObject warns about unknown and duplicate fields under Warn', () => {
  const text =
    '{"spec":{"replicas":1,"replicas":2,"foo":1,"template":{"spec":{"containers":[{"name":"a","x":1}]}}}}';
  const { object, warnings } = decode(JSON.parse(text), DEPLOYMENT, { fieldValidation: 'Warn', text });
  assert.deepEqual(warnings, [
    'duplicate field "spec.replicas"',
    'unknown field "spec.foo"',
    'unknown field "spec.template.spec.containers[0].x"',
  ]);
  assert.deepEqual(object, { spec: { replicas: 2, template: { spec: { containers: [{ name: 'a' }] } } } });
});

test('decodeObject refuses unknown fields under Strict', () => {
  const strict: DecodeOptions = { fieldValidation: 'Strict' };
  assert.equal(
    complaint({ spec: { foo: 1 }, metadata: { bar: 2 } }, DEPLOYMENT, strict),
    'strict decoding error: unknown field "spec.foo", unknown field "metadata.bar"',
  );
});

test('decodeObject finds a duplicate in lists and in escaped keys, and none across siblings', () => {
  const strict = (text: string) => complaint(JSON.parse(text), POD, { fieldValidation: 'Strict', text });
  assert.equal(
    strict('{"spec":{"containers":[{"name":"a"},{"name":"b", "name" : "\\"c\\\\"}]}}'),
    'strict decoding error: duplicate field "spec.containers[1].name"',
  );
  assert.equal(
    strict('{"metadata":{"labels":{"a/b":"{","\\u0061/b":"}"}}}'),
    'strict decoding error: duplicate field "metadata.labels.a/b"',
  );
  const fine = '{"spec":{"containers":[{"name":"a"},{"name":"b"}]},"metadata":{"name":"a"}}';
  decode(JSON.parse(fine), POD, { fieldValidation: 'Strict', text: fine });
});

test('decodeObject brings values into the form that is stored', () => {
  const value = podSpec({
    name: 'a',
    image: '',
    tty: false,
    args: [],
    env: [{ name: 'A', value: null }],
    resources: { limits: { cpu: 0.5, memory: '1.5Gi' }, requests: { cpu: '1000m', memory: 1e3 } },
  });
  value['metadata'] = {
    name: 'p',
    labels: {},
    creationTimestamp: null,
    deletionTimestamp: '2024-01-01T01:00:00+02:00',
  };
  assert.deepEqual(decode(value, POD).object, {
    metadata: { name: 'p', deletionTimestamp: '2023-12-31T23:00:00Z' },
    spec: {
      containers: [
        {
          name: 'a',
          env: [{ name: 'A' }],
          resources: { limits: { cpu: '500m', memory: '1536Mi' }, requests: { cpu: '1', memory: '1k' } },
        },
      ],
    },
  });
});

test('decodeObject keeps a zero that a pointer distinguishes from absent', () => {
  const value = {
    spec: { replicas: 0, template: { spec: { automountServiceAccountToken: false, hostNetwork: false } } },
  };
  assert.deepEqual(decode(value).object, {
    spec: { replicas: 0, template: { spec: { automountServiceAccountToken: false } } },
  });
});

test('decodeObject makes a zero value of null inside lists and maps', () => {
  const value = { metadata: { labels: { a: null } }, spec: { containers: [null], nodeSelector: { b: 'c' } } };
  assert.deepEqual(decode(value, POD).object, {
    metadata: { labels: { a: '' } },
    spec: { containers: [{ name: '' }], nodeSelector: { b: 'c' } },
  });
});

test('decodeObject checks base64', () => {
  const secret: GroupVersionKind = { group: '', version: 'v1', kind: 'Secret' };
  assert.equal(complaint({ data: { a: 'a-b=' } }, secret), 'illegal base64 data at input byte 1');
  assert.equal(complaint({ data: { a: 'YWJjZ' } }, secret), 'illegal base64 data at input byte 4');
  assert.deepEqual(decode({ data: { a: 'YWJj\n' } }, secret).object, { data: { a: 'YWJj' } });
});

test('decodeObject follows the several forms of a JSON schema', () => {
  const props = (value: JsonObject): JsonObject => ({
    spec: { group: 'a.b', scope: 'Cluster', versions: [{ name: 'v1', schema: { openAPIV3Schema: value } }] },
  });
  const fine = props({
    type: 'object',
    properties: { a: { type: 'array', items: { type: 'string' } }, b: { additionalProperties: true } },
    default: { any: [1, null] },
    'x-kubernetes-preserve-unknown-fields': true,
  });
  assert.deepEqual(decode(structuredClone(fine), CRD).object, fine);
  const strict: DecodeOptions = { fieldValidation: 'Strict' };
  assert.equal(
    complaint(props({ properties: { a: { items: { typo: 1 } } } }), CRD, strict),
    'strict decoding error: unknown field "spec.versions[0].schema.openAPIV3Schema.properties.a.items.typo"',
  );
  assert.match(
    complaint(props({ items: 'x' }), CRD),
    /cannot unmarshal string .* of type v1.JSONSchemaPropsOrArray$/,
  );
});

test('decodeObject bounds the nesting of schemas and of free-form values', () => {
  let schema: JsonObject = {};
  let value: JsonValue = 1;
  for (let i = 0; i < 1500; i++) {
    schema = { not: schema };
    value = [value];
  }
  const crd = { spec: { versions: [{ schema: { openAPIV3Schema: schema } }] } };
  assert.equal(complaint(crd, CRD), 'exceeded max depth');
  const revision: GroupVersionKind = { group: 'apps', version: 'v1', kind: 'ControllerRevision' };
  assert.equal(complaint({ data: value }, revision), 'exceeded max depth');
});

test('decodeObject takes hostile keys as data', () => {
  const value = JSON.parse('{"__proto__":{"a":1},"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}');
  const { object } = decode(value, POD);
  assert.equal(JSON.stringify(object), '{"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}');
});

test('decodeObject never throws anything but BadRequest, and its result decodes to itself', () => {
  const keys = fc.constantFrom(
    'spec',
    'metadata',
    'name',
    'containers',
    'labels',
    'ports',
    'resources',
    'limits',
    'x',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<JsonValue>(null, true, 0, -1, 1.5, '', '1Gi', '10m', 'text'),
      fc.dictionary(keys, tie('value')),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(keys, value), (input) => {
      let first: string;
      try {
        first = JSON.stringify(decode(structuredClone(input) as JsonObject, POD).object);
      } catch (error) {
        assert.ok(error instanceof StatusError);
        return;
      }
      const again = decode(JSON.parse(first), POD, { fieldValidation: 'Strict', text: first });
      assert.equal(JSON.stringify(again.object), first);
    }),
    { numRuns: 500 },
  );
});

test('decodeObject fills in texts that are never absent, but in what is only a part of an object', () => {
  const deployment: GroupVersionKind = { group: 'apps', version: 'v1', kind: 'Deployment' };
  const sent = (): JsonObject => ({
    spec: { selector: { matchExpressions: [{ values: ['a'] }, null] }, template: {} },
  });
  const selector = {
    matchExpressions: [
      { key: '', operator: '', values: ['a'] },
      { key: '', operator: '' },
    ],
  };
  assert.deepEqual(decode(sent(), deployment).object, { spec: { selector, template: {} } });
  assert.deepEqual(decode(sent(), deployment, { fieldValidation: 'Strict', partial: true }).object, {
    spec: { selector: { matchExpressions: [{ values: ['a'] }, {}] }, template: {} },
  });
});
