import assert from 'node:assert/strict';
import { test } from 'node:test';
import { required, toInvalidError } from './field-error.ts';

const KIND = { group: '', kind: 'Pod' };

test('toInvalidError lists each fault once', () => {
  const errors = [required('spec.a'), required('spec.b'), required('spec.a')];
  const { message, details } = toInvalidError(KIND, 'web', errors);
  assert.equal(message, 'Pod "web" is invalid: [spec.a: Required value, spec.b: Required value]');
  assert.equal(details?.causes?.length, 3);
});

test('toInvalidError stays small, however many faults there are', () => {
  const errors = Array.from({ length: 300_000 }, (_, i) => required(`spec.containers[${i}].name`));
  const { message, details } = toInvalidError(KIND, 'web', errors);
  assert.match(message, /, and 299500 more\]$/);
  assert.equal(details?.causes?.length, 500);
  assert.ok(message.length < 50_000);
});
