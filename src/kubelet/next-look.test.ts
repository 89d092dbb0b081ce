import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextLookMs } from './next-look.ts';

test('nextLookMs is the first moment after the look, if there is one', () => {
  assert.equal(nextLookMs(1_000, [undefined, 3_000, 2_000]), 2_000);
  assert.equal(nextLookMs(1_000, [undefined, 1_000, 500]), Number.POSITIVE_INFINITY);
});

test('nextLookMs keeps a moment that passed while the look was under way', () => {
  // The look at 9,999 decided to wait until 10,000; by the time that the timer is set it is later.
  assert.equal(nextLookMs(9_999, [10_000]), 10_000);
});
