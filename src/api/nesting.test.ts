import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENTRIES_MAX, findExcess, isNestedWithin, NESTING_MAX } from './nesting.ts';

test('isNestedWithin counts lists and objects alike', () => {
  assert.equal(isNestedWithin(1, 0), true);
  assert.equal(isNestedWithin({}, 0), false);
  assert.equal(isNestedWithin({ a: [1, { b: 2 }] }, 3), true);
  assert.equal(isNestedWithin({ a: [1, { b: 2 }] }, 2), false);
  assert.equal(isNestedWithin([null, 'x', [[]]], 3), true);
});

test('isNestedWithin does not follow a value past its bound', () => {
  const deep: unknown = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
  assert.equal(isNestedWithin(deep, NESTING_MAX), false);
});

test('findExcess names too many levels, and too many fields and items wherever they are', () => {
  assert.equal(findExcess({ a: [{}, [], 1, null] }), undefined);
  assert.equal(findExcess(JSON.parse('['.repeat(NESTING_MAX + 1) + ']'.repeat(NESTING_MAX + 1))), 'levels');
  const fields = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, '']));
  assert.equal(findExcess(fields(ENTRIES_MAX)), undefined);
  assert.equal(findExcess(fields(ENTRIES_MAX + 1)), 'entries');
  assert.equal(findExcess(Array(ENTRIES_MAX / 2).fill({})), undefined);
  assert.equal(findExcess([[], Array(ENTRIES_MAX / 2).fill(null)]), 'entries');
  assert.equal(findExcess(Array(ENTRIES_MAX * 2).fill('scalars are cheap')), undefined);
});
