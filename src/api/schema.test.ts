import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toApiVersion } from './meta.ts';
import { allResources } from './resources.ts';
import { type Field, type Schema, SchemaSet, schemaByName, schemaForKind, schemasOf } from './schema.ts';

function fieldAt(schema: Schema | undefined, path: string): Field {
  let field: Field | undefined;
  let current = schema;
  for (const name of path.split('.')) {
    field = current?.fields.get(name);
    current = field?.schema;
  }
  assert.ok(field, path);
  return field;
}

const POD = schemaForKind({ group: '', version: 'v1', kind: 'Pod' });

test('schemaForKind knows every kind of the table and what its subresources take', () => {
  for (const row of allResources()) {
    const own = schemaForKind(row);
    assert.deepEqual(own?.gvk, { group: row.group, version: row.version, kind: row.kind });
    if (row.verbs.includes('list')) assert.ok(schemaForKind({ ...row, kind: `${row.kind}List` }), row.kind);
    for (const sub of row.subresources) {
      if (sub.kind) assert.ok(schemaForKind(sub.kind), `${toApiVersion(row.group, row.version)} ${sub.name}`);
    }
  }
});

test('schemaForKind gives DeleteOptions to every group, and nothing to unknown kinds', () => {
  const name = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';
  assert.equal(schemaForKind({ group: 'policy', version: 'v1', kind: 'DeleteOptions' })?.name, name);
  assert.equal(schemaForKind({ group: '', version: 'v1', kind: 'DeleteOptions' })?.name, name);
  assert.equal(schemaForKind({ group: '', version: 'v1', kind: 'PodSpec' }), undefined);
  assert.equal(schemaForKind({ group: 'apps.example.com', version: 'v1', kind: 'Deployment' }), undefined);
});

test('schemaForKind knows what of meta/v1 has a group of its own', () => {
  const partial = { group: 'meta.k8s.io', version: 'v1', kind: 'PartialObjectMetadata' };
  assert.deepEqual([...(schemaForKind(partial)?.fields.keys() ?? [])], ['apiVersion', 'kind', 'metadata']);
  assert.equal(schemaForKind({ ...partial, version: 'v1beta1' }), schemaForKind(partial));
  assert.equal(schemaForKind({ ...partial, version: 'v2' }), undefined);
});

test('Schema fields carry types, numbers and merge rules', () => {
  const ports = fieldAt(POD, 'spec.containers.ports');
  assert.equal(ports.shape, 'list');
  assert.equal(ports.schema?.name, 'io.k8s.api.core.v1.ContainerPort');
  assert.deepEqual(ports.numbers, [6]);
  assert.deepEqual(ports.listMapKeys, ['containerPort', 'protocol']);
  assert.equal(ports.listType, 'map');
  assert.equal(ports.patchMergeKey, 'containerPort');
  assert.equal(ports.patchStrategy, 'merge');
  assert.equal(ports.goType, '[]v1.ContainerPort');
  const protocol = fieldAt(POD, 'spec.containers.ports.protocol');
  assert.equal(protocol.default, 'TCP');
  assert.deepEqual(protocol.enumValues, ['SCTP', 'TCP', 'UDP']);
  assert.equal(fieldAt(POD, 'spec.volumes').patchStrategy, 'merge,retainKeys');
  assert.equal(fieldAt(POD, 'spec.containers').required, true);
  assert.equal(fieldAt(POD, 'metadata.creationTimestamp').scalar, 'time');
  assert.equal(fieldAt(POD, 'spec.containers.resources.limits').goType, 'v1.ResourceList');
});

test('Schema flattens embedded messages and keeps the path of their numbers', () => {
  const volume = schemaByName('io.k8s.api.core.v1.Volume');
  assert.deepEqual(fieldAt(volume, 'name').numbers, [1]);
  assert.deepEqual(fieldAt(volume, 'emptyDir').numbers, [2, 2]);
});

test('Schema says which zero values are not stored', () => {
  assert.equal(fieldAt(POD, 'spec.hostNetwork').omitZero, true);
  assert.equal(fieldAt(POD, 'spec.automountServiceAccountToken').omitZero, false);
  assert.equal(fieldAt(POD, 'metadata.labels').omitZero, true);
});

test('Schema says where Go holds a pointer', () => {
  assert.equal(fieldAt(POD, 'spec.securityContext').pointer, true);
  assert.equal(fieldAt(POD, 'spec.automountServiceAccountToken').pointer, true);
  assert.equal(fieldAt(POD, 'spec.containers.resources').pointer, false);
  assert.equal(fieldAt(POD, 'metadata.name').pointer, false);
});

test('SchemaSet keeps to its own data', () => {
  const definitions = { Thing: '!kind size=1:i', Part: 'name=1:s' };
  const packages = { 'x/v1': { group: 'x.io', version: 'v1', prefix: 'io.x.v1', enums: {}, definitions } };
  const set = new SchemaSet(packages);
  assert.deepEqual(
    fieldAt(set.forKind({ group: 'x.io', version: 'v1', kind: 'Thing' }), 'size').numbers,
    [1],
  );
  assert.equal(set.forKind({ group: 'x.io', version: 'v1', kind: 'Part' }), undefined);
  assert.equal(set.byName('io.x.v1.Part')?.shortName, 'Part');
  assert.equal(set.forKind({ group: '', version: 'v1', kind: 'Pod' }), undefined);
});

test('schemasOf expands every definition, and every reference leads somewhere', () => {
  const groupVersions = new Set(allResources().map((row) => toApiVersion(row.group, row.version)));
  let definitions = 0;
  for (const apiVersion of groupVersions) {
    const [version = '', group = ''] = apiVersion.split('/').reverse();
    for (const schema of schemasOf(group, version)) {
      definitions++;
      for (const field of schema.fields.values())
        assert.ok(field.scalar !== undefined || field.schema !== undefined);
      assert.equal(schemaByName(schema.name), schema);
    }
  }
  assert.ok(definitions > 550, `${definitions}`);
});
