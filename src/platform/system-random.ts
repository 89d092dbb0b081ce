/** The machine's own randomness, cryptographically strong. */
import { randomFillSync } from 'node:crypto';
import type { Random } from '../base/random.ts';

/**
 * Asking the operating system costs microseconds however little is asked for, and every object that is created needs a
 * dozen small numbers: bytes are drawn in advance, and overwritten once they have been given out.
 */
const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let usedBytes = POOL_BYTES;

/** Where in the pool `count` fresh bytes begin; whoever takes them clears them. */
function draw(count: number): number {
  if (usedBytes + count > POOL_BYTES) {
    randomFillSync(pool);
    usedBytes = 0;
  }
  const from = usedBytes;
  usedBytes += count;
  return from;
}

function nextUint32(): number {
  const from = draw(4);
  const value = pool.readUInt32LE(from);
  pool.fill(0, from, from + 4);
  return value;
}

function nextBytes(count: number): Uint8Array {
  if (count > POOL_BYTES) return randomFillSync(new Uint8Array(count));
  const from = draw(count);
  const bytes = new Uint8Array(pool.subarray(from, from + count));
  pool.fill(0, from, from + count);
  return bytes;
}

export const systemRandom: Random = {
  next: () => nextUint32() / 2 ** 32,
  // Every stream of true randomness is independent of every other.
  fork: () => systemRandom,
  bytes: nextBytes,
};
