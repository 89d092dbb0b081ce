import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorsOfEach, invalid, required, toInvalidError, untilMany } from './field-error.ts';

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
  assert.match(message, /, and more\]$/);
  assert.equal(details?.causes?.length, 500);
  assert.ok(message.length < 50_000);
});

test('toInvalidError stays small when each fault shows as much as a body holds', () => {
  const errors = Array.from({ length: 400 }, () => invalid('spec.x', 'v'.repeat(100_000), 'must be less'));
  const { message, details } = toInvalidError(KIND, 'web', errors);
  assert.match(message, /and more\]$/);
  assert.ok(details!.causes!.length >= 1);
  assert.ok(JSON.stringify(details).length < 1_000_000);
});

test('errorsOfEach judges no further item once there are more faults than are shown', () => {
  let judged = 0;
  const errors = errorsOfEach(Array(300_000).fill({}), () => {
    judged++;
    return [required('a'), required('b')];
  });
  assert.equal(errors.length, judged * 2);
  assert.ok(judged < 1000, `${judged} items were judged`);
});

test('untilMany gives every item while there are few faults', () => {
  assert.deepEqual([...untilMany([required('a')], [1, 2, 3])], [1, 2, 3]);
});
