/**
 * Writes protobuf's wire format from its end to its beginning: the length of a message is known when the prefix that tells it
 * is written, so nothing is measured first or moved afterwards. What comes last is therefore written first, and of one field the
 * value before its tag.
 *
 *     buffer  [ . . . . free . . . . | what is written ]
 *                                    ^ position
 *
 * Total: any string, number or bytes can be written.
 */
import { WIRE_BYTES } from './wire.ts';

const START_BYTES = 16 * 1024;
/** A buffer that one large object made larger is not kept. */
const KEPT_BYTES_MAX = 1024 * 1024;
/** Longer texts are left to the encoder, whose call costs as much as this many steps of a loop. */
const LOOP_CHARS_MAX = 48;
const UTF8_BYTES_PER_UNIT_MAX = 3;

const encoder = new TextEncoder();

export class ProtobufWriter {
  #bytes = new Uint8Array(START_BYTES);
  #position = START_BYTES;

  /** How much is written. */
  get length(): number {
    return this.#bytes.length - this.#position;
  }

  /** A copy of what is written; the writer starts over. */
  take(): Uint8Array<ArrayBuffer> {
    const written = this.#bytes.slice(this.#position);
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = new Uint8Array(START_BYTES);
    this.#position = this.#bytes.length;
    return written;
  }

  byte(value: number): void {
    if (this.#position === 0) this.#grow(1);
    this.#bytes[--this.#position] = value;
  }

  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    if (this.#position < length) this.#grow(length);
    this.#position -= length;
    if (length > LOOP_CHARS_MAX) this.#bytes.set(bytes, this.#position);
    else for (let i = 0; i < length; i++) this.#bytes[this.#position + i] = bytes[i]!;
  }

  /** A tag, a length or an unsigned number: whole, not negative. */
  varint(value: number): void {
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    let size = 2;
    for (let rest = value; rest >= 0x4000; rest /= 0x80) size++;
    if (this.#position < size) this.#grow(size);
    this.#position -= size;
    let at = this.#position;
    let rest = value;
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 0x80)) this.#bytes[at++] = (rest % 0x80) | 0x80;
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[at++] = (rest & 0x7f) | 0x80;
    this.#bytes[at] = rest;
  }

  /** An int32 or int64. A negative one takes ten bytes, as two's complement of 64 bits. */
  integer(value: number): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) this.varint(value);
    else this.#bigVarint(Number.isFinite(value) ? BigInt.asUintN(64, BigInt(Math.trunc(value))) : 0n);
  }

  double(value: number): void {
    if (this.#position < 8) this.#grow(8);
    this.#position -= 8;
    new DataView(this.#bytes.buffer).setFloat64(this.#position, value, true);
  }

  /** UTF-8 with its length before it. */
  text(value: string): void {
    const before = this.length;
    if (value.length > LOOP_CHARS_MAX || !this.#ascii(value)) this.#utf8(value);
    this.varint(this.length - before);
  }

  #ascii(value: string): boolean {
    const { length } = value;
    if (this.#position < length) this.#grow(length);
    const start = this.#position - length;
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return false;
      this.#bytes[start + i] = unit;
    }
    this.#position = start;
    return true;
  }

  #utf8(value: string): void {
    const most = value.length * UTF8_BYTES_PER_UNIT_MAX;
    if (this.#position < most) this.#grow(most);
    const start = this.#position - most;
    const { written } = encoder.encodeInto(value, this.#bytes.subarray(start, this.#position));
    this.#bytes.copyWithin(this.#position - written, start, start + written);
    this.#position -= written;
  }

  #bigVarint(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    this.raw(Uint8Array.from(bytes));
  }

  #grow(needed: number): void {
    const { length } = this;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, length + needed));
    grown.set(this.#bytes.subarray(this.#position), grown.length - length);
    this.#position = grown.length - length;
    this.#bytes = grown;
  }
}

const prefixWriter = new ProtobufWriter();

/** What stands before the `length` bytes of field `number`. */
export function lengthPrefix(number: number, length: number): Uint8Array {
  prefixWriter.varint(length);
  prefixWriter.varint(number * 8 + WIRE_BYTES);
  return prefixWriter.take();
}
