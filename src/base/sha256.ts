/**
 * SHA-256, where no platform is at hand: for the few short texts that Kubernetes names by it. What protects secrets uses
 * the platform's own.
 *
 * @see FIPS 180-4, sections 4.1.2, 5 and 6.2
 */

/** The first 32 bits of the fractional parts of the square roots of the first 8 primes, and of the cube roots of the first 64. */
const START = fractionsOf(8, 2);
const ROUND_CONSTANTS = fractionsOf(64, 3);
const BLOCK_BYTES = 64;
const LENGTH_BYTES = 8;

/** The 32 bytes of the digest of `message`. */
export function sha256(message: Uint8Array): Uint8Array {
  const view = new DataView(padded(message).buffer);
  const state = Uint32Array.from(START);
  for (let offset = 0; offset < view.byteLength; offset += BLOCK_BYTES) mixBlock(state, view, offset);
  const digest = new DataView(new ArrayBuffer(32));
  for (const [index, word] of state.entries()) digest.setUint32(index * 4, word);
  return new Uint8Array(digest.buffer);
}

/** A one bit, zeros, and the length in bits, to whole blocks. */
function padded(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const blocks = Math.ceil((message.length + 1 + LENGTH_BYTES) / BLOCK_BYTES);
  const bytes = new Uint8Array(blocks * BLOCK_BYTES);
  bytes.set(message);
  bytes[message.length] = 0x80;
  new DataView(bytes.buffer).setBigUint64(bytes.length - LENGTH_BYTES, BigInt(message.length) * 8n);
  return bytes;
}

function mixBlock(state: Uint32Array, view: DataView, offset: number): void {
  const words = scheduleOf(view, offset);
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let round = 0; round < 64; round++) {
    const rotatedE = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const first = h + rotatedE + ((e & f) ^ (~e & g)) + ROUND_CONSTANTS[round]! + words[round]!;
    const rotatedA = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = rotatedA + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) state[index]! += word;
}

function scheduleOf(view: DataView, offset: number): Uint32Array {
  const words = new Uint32Array(64);
  for (let index = 0; index < 16; index++) words[index] = view.getUint32(offset + index * 4);
  for (let index = 16; index < 64; index++) {
    const [early, late] = [words[index - 15]!, words[index - 2]!];
    const small = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
    const large = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
    words[index] = words[index - 16]! + small + words[index - 7]! + large;
  }
  return words;
}

function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

/** For the first `count` primes p the first 32 bits behind the point of p^(1/root); doubles have 52. */
function fractionsOf(count: number, root: 2 | 3): Uint32Array {
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  }
  return Uint32Array.from(primes, (prime) => {
    const whole = root === 2 ? Math.sqrt(prime) : Math.cbrt(prime);
    return (whole - Math.floor(whole)) * 2 ** 32;
  });
}
