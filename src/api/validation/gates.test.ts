import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { validateReadinessGates, validateSchedulingGates, validateSchedulingGatesUpdate } from './gates.ts';
import { texts } from './problems.fixture.ts';

test('validateSchedulingGates wants each gate once, by a qualified name', () => {
  const gates = [{ name: 'example.com/a' }, { name: '' }, { name: 'example.com/a' }];
  deepEqual(texts(validateSchedulingGates(gates, 'g')), [
    'g[1]: Invalid value: "": name part must be non-empty',
    'g[2]: Duplicate value: "example.com/a"',
  ]);
});

test('validateSchedulingGatesUpdate lets gates open, not close', () => {
  const old = [{ name: 'a' }, { name: 'b' }];
  deepEqual(texts(validateSchedulingGatesUpdate([{ name: 'b' }], old, 'g')), []);
  deepEqual(texts(validateSchedulingGatesUpdate([{ name: 'b' }, { name: 'c' }], old, 'g')), [
    "g[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c'",
  ]);
});

test('validateReadinessGates wants types of conditions', () => {
  const gates = [{ conditionType: 'example.com/Ready' }, { conditionType: '/Ready' }];
  deepEqual(texts(validateReadinessGates(gates, 'g')), [
    'g[1].conditionType: Invalid value: "/Ready": prefix part must be non-empty',
  ]);
});
