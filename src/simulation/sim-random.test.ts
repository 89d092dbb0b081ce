import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSeededRandom } from './sim-random.ts';

const draw = (random: { next(): number }, count: number) =>
  Array.from({ length: count }, () => random.next());

test('newSeededRandom gives the same stream for the same seed and another for another', () => {
  assert.deepEqual(draw(newSeededRandom(7), 20), draw(newSeededRandom(7), 20));
  assert.notDeepEqual(draw(newSeededRandom(7), 20), draw(newSeededRandom(8), 20));
});

test('fork depends on seed and label, not on what the parent has drawn', () => {
  const parent = newSeededRandom(7);
  const before = draw(parent.fork('disk'), 5);
  draw(parent, 100);
  assert.deepEqual(draw(parent.fork('disk'), 5), before);
  assert.notDeepEqual(draw(parent.fork('network'), 5), before);
});

test('next is uniform over [0, 1)', () => {
  const buckets = Array.from({ length: 10 }, () => 0);
  for (const value of draw(newSeededRandom('uniform'), 100_000)) {
    assert.ok(value >= 0 && value < 1);
    buckets[Math.floor(value * 10)]!++;
  }
  for (const count of buckets) assert.ok(Math.abs(count - 10_000) < 500, `bucket of ${count}`);
});
