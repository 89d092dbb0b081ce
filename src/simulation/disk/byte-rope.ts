/**
 * The content of a simulated file: the pieces that were written, one after another. Pieces are shared with whoever wrote
 * them and never changed, so that a file costs no copy of what is in it; reading one piece as it was written gives it back.
 */
import { assert } from '../../base/assert.ts';

export class ByteRope {
  #pieces: Uint8Array[] = [];
  /** Where each piece begins; ascending. */
  #starts: number[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      if (piece.length === 0) continue;
      this.#pieces.push(piece);
      this.#starts.push(this.#length);
      this.#length += piece.length;
    }
  }

  /** Replaces what is at `offset`; the gap before an offset past the end reads as zeros. */
  write(offset: number, pieces: readonly Uint8Array[]): void {
    if (offset > this.#length) this.append([new Uint8Array(offset - this.#length)]);
    const rest = this.#from(offset + sizeOf(pieces));
    this.truncate(offset);
    this.append(pieces);
    this.append(rest);
  }

  truncate(length: number): void {
    assert(length <= this.#length, `a rope of ${this.#length} bytes cannot be cut to ${length}`);
    if (length === this.#length) return;
    const index = this.#indexAt(length);
    const start = this.#starts[index]!;
    const cut = this.#pieces[index]!.subarray(0, length - start);
    this.#pieces.length = index;
    this.#starts.length = index;
    this.#length = start;
    this.append([cut]);
  }

  /** The bytes from `from` up to `to`: of one piece without a copy. */
  read(from: number, to: number): Uint8Array {
    assert(from <= to && to <= this.#length, `a rope of ${this.#length} bytes has no ${from} to ${to}`);
    if (from === to) return new Uint8Array();
    let index = this.#indexAt(from);
    const start = this.#starts[index]!;
    const piece = this.#pieces[index]!;
    if (from === start && to === start + piece.length) return piece;
    if (to <= start + piece.length) return piece.subarray(from - start, to - start);
    const bytes = new Uint8Array(to - from);
    for (; index < this.#pieces.length && this.#starts[index]! < to; index++) {
      const offset = this.#starts[index]!;
      const part = this.#pieces[index]!.subarray(Math.max(0, from - offset), to - offset);
      bytes.set(part, Math.max(offset, from) - from);
    }
    return bytes;
  }

  clone(): ByteRope {
    const clone = new ByteRope();
    clone.#pieces = this.#pieces.slice();
    clone.#starts = this.#starts.slice();
    clone.#length = this.#length;
    return clone;
  }

  #from(offset: number): Uint8Array[] {
    if (offset >= this.#length) return [];
    const index = this.#indexAt(offset);
    const first = this.#pieces[index]!.subarray(offset - this.#starts[index]!);
    return [first, ...this.#pieces.slice(index + 1)];
  }

  /** The piece that holds `offset`, which is before the end. */
  #indexAt(offset: number): number {
    let low = 0;
    for (let high = this.#starts.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

export function sizeOf(pieces: readonly Uint8Array[]): number {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  return size;
}
