/**
 * Randomness as an interface. A stream is forked by label, so that two users of randomness never disturb each other
 * and a simulated run is fixed by one seed.
 */
export interface Random {
  /** A float in [0, 1). */
  next(): number;
  /** An independent stream named `label`; the same parent seed and label give the same stream. */
  fork(label: string): Random;
  /** `count` random bytes; cryptographically strong in the real implementation. */
  bytes(count: number): Uint8Array;
}

// No vowels and no 0, 1, 3: no accidental words and no look-alikes.
// Source: k8s.io/apimachinery/pkg/util/rand.
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A suffix for `generateName` and for Pods of a ReplicaSet: `length` characters of Kubernetes' safe alphabet. */
export function randomSuffix(random: Random, length: number): string {
  let suffix = '';
  for (let i = 0; i < length; i++) suffix += NAME_ALPHABET[Math.floor(random.next() * NAME_ALPHABET.length)];
  return suffix;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
/** Before which bytes a UUID has a dash. */
const DASHES = new Set([4, 6, 8, 10]);

/** A version 4 UUID (RFC 9562), as `metadata.uid` carries it. */
export function randomUid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  // Joined, not added up: every object keeps one, and a sum keeps its parts.
  const parts: string[] = [];
  for (const [i, byte] of bytes.entries()) {
    if (DASHES.has(i)) parts.push('-');
    parts.push(HEX[byte]!);
  }
  return parts.join('');
}
