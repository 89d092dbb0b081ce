import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from './system-random.ts';

test('systemRandom gives numbers in [0, 1) that cover the range', () => {
  const numbers = Array.from({ length: 10_000 }, () => systemRandom.next());
  assert.ok(numbers.every((number) => number >= 0 && number < 1));
  const tenths = new Set(numbers.map((number) => Math.floor(number * 10)));
  assert.equal(tenths.size, 10);
});

test('systemRandom never gives the same bytes twice, whatever it draws in advance', () => {
  const seen = new Set<string>();
  for (let i = 0; i < 2000; i++) seen.add(Buffer.from(systemRandom.bytes(16)).toString('hex'));
  assert.equal(seen.size, 2000);
});

test('systemRandom gives bytes of any count that are the caller’s own', () => {
  const first = systemRandom.bytes(16);
  const kept = first.slice();
  systemRandom.bytes(10_000).fill(7);
  for (let i = 0; i < 1000; i++) systemRandom.bytes(16).fill(9);
  assert.deepEqual(first, kept);
  assert.equal(first.buffer.byteLength, 16);
  assert.equal(systemRandom.bytes(0).length, 0);
  assert.equal(systemRandom.bytes(10_000).length, 10_000);
});
