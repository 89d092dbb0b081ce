/**
 * Numbers 0..size-1, each free or taken. Free ones are handed out from a random start, so that a number that was just
 * released is not at once somebody else's.
 */
import { assert } from '../../base/assert.ts';
import type { Random } from '../../base/random.ts';

export class Bitmap {
  readonly size: number;
  readonly #words: Uint32Array;
  #taken = 0;

  constructor(size: number) {
    assert(Number.isInteger(size) && size > 0, `a bitmap needs a size, not ${size}`);
    this.size = size;
    this.#words = new Uint32Array(Math.ceil(size / 32));
  }

  get taken(): number {
    return this.#taken;
  }

  has(index: number): boolean {
    return (this.#words[index >>> 5]! & (1 << (index & 31))) !== 0;
  }

  /** False when `index` is taken already. */
  take(index: number): boolean {
    assert(index >= 0 && index < this.size, `${index} is outside of the bitmap`);
    if (this.has(index)) return false;
    this.#words[index >>> 5]! |= 1 << (index & 31);
    this.#taken++;
    return true;
  }

  release(index: number): void {
    if (!this.has(index)) return;
    this.#words[index >>> 5]! &= ~(1 << (index & 31));
    this.#taken--;
  }

  /** Takes the first free index at or after a random one; `undefined` when full. */
  takeAny(random: Random): number | undefined {
    if (this.#taken === this.size) return undefined;
    let index = Math.floor(random.next() * this.size);
    while (!this.take(index)) index = (index + 1) % this.size;
    return index;
  }
}
