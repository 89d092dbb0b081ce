/** Ids as container runtimes give them: 64 hexadecimal digits, the first eight of which differ from one to the next. */
import type { Random } from '../base/random.ts';

/** Odd, so that multiplying by it gives every number of 32 bits once. */
const STRIDE = 0x9e3779b1;

/** A source of ids, none of which comes twice in its first 2^32; drawing one costs no randomness. */
export function newIdSource(random: Random): () => string {
  const suffix = Array.from(random.bytes(28), (byte) => byte.toString(16).padStart(2, '0')).join('');
  let count = 0;
  return () => (Math.imul(++count, STRIDE) >>> 0).toString(16).padStart(8, '0') + suffix;
}
