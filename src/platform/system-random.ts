/** The machine's own randomness, cryptographically strong. */
import { randomBytes } from 'node:crypto';
import type { Random } from '../base/random.ts';

export const systemRandom: Random = {
  next: () => randomBytes(4).readUInt32LE() / 2 ** 32,
  // Every stream of true randomness is independent of every other.
  fork: () => systemRandom,
  bytes: (count) => new Uint8Array(randomBytes(count)),
};
