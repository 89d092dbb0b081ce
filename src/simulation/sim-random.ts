/**
 * Seeded randomness: one seed fixes a whole simulated run. Forks are derived from the parent's seed and the label
 * alone, never from how much the parent has drawn, so that a new user of randomness disturbs no other.
 */
import type { Random } from '../base/random.ts';

/** The stream of `seed`. Not for secrets. */
export function newSeededRandom(seed: number | string): Random {
  return new SeededRandom(hash(String(seed)));
}

class SeededRandom implements Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.#state = seed;
  }

  next(): number {
    // 53 bits, as Math.random has.
    return ((this.#word() >>> 5) * 0x4000000 + (this.#word() >>> 6)) / 0x20000000000000;
  }

  fork(label: string): Random {
    return new SeededRandom(hash(`${this.#seed}/${label}`));
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = this.#word() & 0xff;
    return bytes;
  }

  /** 32 bits by splitmix32: a Weyl sequence through a finaliser with full avalanche. */
  #word(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return finalize(this.#state);
  }
}

/** FNV-1a over UTF-16 units, finalised. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return finalize(value);
}

function finalize(word: number): number {
  let value = word;
  value = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
  return (value ^ (value >>> 15)) >>> 0;
}
