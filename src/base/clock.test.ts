import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { toTimestamp } from './clock.ts';

test('toTimestamp is the second that a moment lies in, whatever was asked before', () => {
  const start = Date.UTC(2026, 0, 2, 3, 4, 5);
  for (const [offsetMs, expected] of [
    [0, '2026-01-02T03:04:05Z'],
    [999.9, '2026-01-02T03:04:05Z'],
    [1000, '2026-01-02T03:04:06Z'],
    [1, '2026-01-02T03:04:05Z'],
    [-1, '2026-01-02T03:04:04Z'],
  ] as const) {
    equal(toTimestamp(start + offsetMs), expected);
  }
  equal(toTimestamp(-1), '1969-12-31T23:59:59Z');
});
