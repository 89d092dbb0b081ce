import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNestedWithin, NESTING_MAX } from './nesting.ts';

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
