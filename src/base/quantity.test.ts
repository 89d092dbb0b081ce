import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compareQuantities,
  formatBytes,
  formatMilli,
  isQuantity,
  milliValue,
  parseQuantityMilli,
  wholeValue,
} from './quantity.ts';

test('parseQuantityMilli reads every suffix', () => {
  const cases: [string, bigint][] = [
    ['500m', 500n],
    ['2', 2000n],
    ['1.5', 1500n],
    ['.5', 500n],
    ['5.', 5000n],
    ['64Mi', 67_108_864_000n],
    ['2e3', 2_000_000n],
    ['1E', 1_000_000_000_000_000_000_000n],
    ['1E2', 100_000n],
    ['100n', 1n],
    ['-1', -1000n],
    ['0.0001', 1n],
  ];
  for (const [text, milli] of cases) assert.equal(parseQuantityMilli(text), milli, text);
});

test('isQuantity refuses what is not one', () => {
  for (const text of ['', '.', 'm', '1 Gi', '1gb', '1KiB', '0x10', '1e', 'NaN', '1.2.3', '１'])
    assert.equal(isQuantity(text), false, text);
});

test('wholeValue rounds up and milliValue treats absent as zero', () => {
  assert.equal(wholeValue('1500m'), 2);
  assert.equal(milliValue(undefined), 0);
});

test('formatMilli and formatBytes give text that parses to the same value', () => {
  fc.assert(
    fc.property(fc.nat(), (n) => {
      assert.equal(milliValue(formatMilli(n)), n);
      assert.equal(wholeValue(formatBytes(n)), n);
      assert.equal(compareQuantities(formatBytes(n), String(n)), 0);
    }),
  );
});
