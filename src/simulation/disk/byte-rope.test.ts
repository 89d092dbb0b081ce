import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteRope } from './byte-rope.ts';

type Step = { do: 'append' | 'write'; at: number; pieces: Uint8Array[] } | { do: 'truncate'; at: number };

const pieces = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('append' as const, 'write' as const), at: fc.nat(80), pieces }),
  fc.record({ do: fc.constant('truncate' as const), at: fc.nat(80) }),
);

test('ByteRope holds what an array of bytes would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.nat(100), fc.nat(100), (steps, a, b) => {
      const rope = new ByteRope();
      let model: number[] = [];
      for (const next of steps) model = done(rope, model, next);
      assert.equal(rope.length, model.length);
      assert.deepEqual([...rope.read(0, rope.length)], model);
      const from = Math.min(a, b, model.length);
      const to = Math.min(Math.max(a, b), model.length);
      assert.deepEqual([...rope.read(from, to)], model.slice(from, to));
    }),
    { numRuns: 500 },
  );
});

function done(rope: ByteRope, model: number[], next: Step): number[] {
  if (next.do === 'truncate') {
    const length = Math.min(next.at, model.length);
    rope.truncate(length);
    return model.slice(0, length);
  }
  const bytes = next.pieces.flatMap((piece) => [...piece]);
  if (next.do === 'append') {
    rope.append(next.pieces);
    return [...model, ...bytes];
  }
  rope.write(next.at, next.pieces);
  const gap = Array.from({ length: Math.max(0, next.at - model.length) }, () => 0);
  return [...model.slice(0, next.at), ...gap, ...bytes, ...model.slice(next.at + bytes.length)];
}

test('ByteRope gives a piece back as it was written, without a copy', () => {
  const rope = new ByteRope();
  const piece = new Uint8Array([4, 5, 6]);
  rope.append([new Uint8Array([1, 2, 3]), piece]);
  assert.equal(rope.read(3, 6), piece);
  assert.equal(rope.read(4, 6).buffer, piece.buffer);
});

test('ByteRope clones apart', () => {
  const rope = new ByteRope();
  rope.append([new Uint8Array([1, 2])]);
  const clone = rope.clone();
  clone.write(1, [new Uint8Array([9, 9])]);
  assert.deepEqual([...rope.read(0, 2)], [1, 2]);
  assert.deepEqual([...clone.read(0, 3)], [1, 9, 9]);
});
