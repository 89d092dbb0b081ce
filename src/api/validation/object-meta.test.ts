import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOf, problemsOfUpdate } from './problems.fixture.ts';

const config = (metadata: object) =>
  objectOf('v1', 'ConfigMap', { metadata: { namespace: 'a', ...metadata } });
const problems = (metadata: object) => problemsOf(config(metadata));

test('validateObjectMeta takes a prefix that names with a suffix can have', () => {
  const ofPrefix = (generateName: string) => problems({ generateName });
  assert.deepEqual(ofPrefix('web-'), []);
  assert.deepEqual(ofPrefix(`${'a'.repeat(252)}-`), []);
  for (const generateName of ['web.', 'Web-', '-'])
    assert.match(ofPrefix(generateName)[0]!, /^metadata\.generateName: Invalid value: .*RFC 1123 subdomain/);
});

test('validateObjectMeta refuses two ways to treat dependents', () => {
  assert.deepEqual(problems({ finalizers: ['orphan', 'example.com/a'] }), []);
  assert.deepEqual(problems({ finalizers: ['orphan', 'foregroundDeletion'] }), [
    'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
  ]);
});

test('validateObjectMeta takes no Event for an owner, and one controller', () => {
  const owner = (kind: string, controller = false) => ({
    apiVersion: 'v1',
    kind,
    name: 'o',
    uid: 'u',
    controller,
  });
  const field = 'metadata.ownerReferences';
  assert.deepEqual(problems({ ownerReferences: [owner('Pod', true), owner('Node')] }), []);
  assert.deepEqual(problems({ ownerReferences: [owner('Event')] }), [
    `${field}: Invalid value: ${JSON.stringify(owner('Event'))}: /v1, Kind=Event is disallowed from being an owner`,
  ]);
  const two = [owner('Pod', true), owner('Node', true)];
  assert.deepEqual(problems({ ownerReferences: two }), [
    `${field}: Invalid value: ${JSON.stringify(two)}: Only one reference can have Controller set to true. Found "true" in references for Pod/o and Node/o`,
  ]);
});

test('validateObjectMeta counts the bytes of annotations', () => {
  const value = 'ä'.repeat(128 * 1024 - 1);
  assert.deepEqual(problems({ annotations: { ab: value } }), []);
  assert.deepEqual(problems({ annotations: { abc: value } }), [
    'metadata.annotations: Too long: may not be more than 262144 bytes',
  ]);
});

test('validateManagedFields refuses what no manager writes', () => {
  const entry = { manager: 'kubectl', operation: 'Apply', fieldsType: 'FieldsV1' };
  const of = (fields: object) => problems({ managedFields: [{ ...entry, ...fields }] });
  const field = 'metadata.managedFields[0]';
  assert.deepEqual(of({ manager: 'größer: 1', subresource: 'status' }), []);
  assert.deepEqual(
    of({ operation: 'Delete', fieldsType: 'V2', manager: 'a\u0007', subresource: 'x'.repeat(257) }),
    [
      `${field}.operation: Invalid value: "Delete": must be \`Apply\` or \`Update\``,
      `${field}.fieldsType: Invalid value: "V2": must be \`FieldsV1\``,
      `${field}.manager: Invalid value: "a\\u0007": invalid character U+0007 (at position 1)`,
      `${field}.subresource: Too long: may not be more than 256 bytes`,
    ],
  );
  assert.deepEqual(of({ manager: 'x'.repeat(129) }), [
    `${field}.manager: Too long: may not be more than 128 bytes`,
  ]);
});

test('validateObjectMetaUpdate adds no finalizer to what goes', () => {
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  const old = config({ ...going, finalizers: ['example.com/a'] });
  assert.deepEqual(problemsOfUpdate(config({ ...going, finalizers: [] }), old), []);
  assert.deepEqual(
    problemsOfUpdate(config({ ...going, finalizers: ['example.com/c', 'example.com/b'] }), old),
    [
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/b", "example.com/c"}',
    ],
  );
});
