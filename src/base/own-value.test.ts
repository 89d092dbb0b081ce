import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { ownValue } from './own-value.ts';

test('ownValue finds what is in the table, and nothing that all objects have', () => {
  equal(ownValue({ a: 1 }, 'a'), 1);
  for (const key of ['b', 'constructor', '__proto__', 'toString']) equal(ownValue({ a: 1 }, key), undefined);
});
