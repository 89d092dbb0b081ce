import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOf, problemsOfUpdate } from './problems.fixture.ts';

const MIB = 1024 * 1024;
const TOO_LONG = `Too long: may not be more than ${MIB} bytes`;
const config = (fields: object) => objectOf('v1', 'ConfigMap', { metadata: { namespace: 'a' }, ...fields });

test('validateConfigMap refuses a key that stands in both halves', () => {
  assert.deepEqual(problemsOf(config({ data: { a: '1' }, binaryData: { b: 'AAAA' } })), []);
  assert.deepEqual(problemsOf(config({ data: { a: '1' }, binaryData: { a: 'AAAA' } })), [
    'data[a]: Invalid value: "a": duplicate of key present in binaryData',
  ]);
  assert.match(
    problemsOf(config({ binaryData: { '..a': 'AAAA' } }))[0]!,
    /^binaryData\[\.\.a\]: .*start with '\.\.'$/,
  );
});

test('validateConfigMap counts bytes, not characters', () => {
  const half = 'ä'.repeat(MIB / 2);
  assert.deepEqual(problemsOf(config({ data: { a: half } })), []);
  assert.deepEqual(problemsOf(config({ data: { a: half }, binaryData: { b: 'AA==' } })), [`[]: ${TOO_LONG}`]);
  assert.deepEqual(problemsOf(config({ data: { a: half }, binaryData: { b: '' } })), []);
});

test('validateConfigMapUpdate keeps what is immutable', () => {
  const old = config({ immutable: true, data: { a: '1' } });
  assert.deepEqual(problemsOfUpdate(config({ immutable: true, data: { a: '1' } }), old), []);
  assert.deepEqual(problemsOfUpdate(config({ data: { a: '2' }, binaryData: { b: '' } }), old), [
    'immutable: Forbidden: field is immutable when `immutable` is set',
    'data: Forbidden: field is immutable when `immutable` is set',
    'binaryData: Forbidden: field is immutable when `immutable` is set',
  ]);
});
