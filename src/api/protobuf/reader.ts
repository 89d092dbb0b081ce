/**
 * Reads protobuf's wire format, one field after another. Every read is checked against the end of the message that it is in.
 *
 *     while (!reader.atEnd) { reader.tag(); then exactly one read, enter ... leave, or skip }
 *
 * @throws StatusError BadRequest from every method, for bytes that are not protobuf
 */
import { StatusError } from '../../base/status-error.ts';
import { roundingOf } from '../rounded-integers.ts';
import { WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from './wire.ts';

const VARINT_BYTES_MAX = 10;
/** Longer texts are left to the decoder, whose call costs as much as this many steps of a loop. */
const LOOP_BYTES_MAX = 24;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class ProtobufReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  #end: number;
  #wire = WIRE_BYTES;
  /** Both halves of the number that was read last. */
  #low = 0;
  #high = 0;
  /** What was said of integers that are not what they were. */
  readonly rounded: string[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Of the message that was entered last. */
  get atEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** Starts the next field. @returns its number */
  tag(): number {
    this.#varint();
    this.#wire = this.#low & 7;
    const number = this.#low >>> 3;
    if (number === 0 || this.#high !== 0) throw malformed('a field has no number');
    return number;
  }

  /** Whether the field holds many numbers in a row. */
  get isPacked(): boolean {
    return this.#wire === WIRE_BYTES;
  }

  bool(): boolean {
    this.#expect(WIRE_VARINT);
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  int32(): number {
    this.#expect(WIRE_VARINT);
    this.#varint();
    return this.#low | 0;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** Past 2^53 to the nearest that a number holds, which {@link rounded} then says. */
  int64(): number {
    this.#expect(WIRE_VARINT);
    this.#varint();
    const value = (this.#high | 0) * 2 ** 32 + (this.#low >>> 0);
    if (!Number.isSafeInteger(value)) this.#noteRounding();
    return value;
  }

  double(): number {
    this.#expect(WIRE_FIXED64);
    const at = this.#bytes.byteOffset + this.#take(8);
    const value = new DataView(this.#bytes.buffer).getFloat64(at, true);
    if (!Number.isFinite(value)) throw malformed('a number is not finite');
    return value;
  }

  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(): string {
    const length = this.#length();
    const start = this.#take(length);
    return (length <= LOOP_BYTES_MAX ? this.#ascii(start, length) : undefined) ?? this.#utf8(start, length);
  }

  /** Goes into the message that the field holds. @returns what {@link leave} needs to come back out of it */
  enter(): number {
    const length = this.#length();
    const outer = this.#end;
    if (length > outer - this.#position) throw malformed('unexpected end');
    this.#end = this.#position + length;
    return outer;
  }

  /** Goes into the row of numbers of a packed field, each read as if it had a tag of its own. */
  enterPacked(wire: number): number {
    const outer = this.enter();
    this.#wire = wire;
    return outer;
  }

  /** Back from a message, at its end. */
  leave(outer: number): void {
    this.#end = outer;
  }

  /** Passes over the field whose tag was read last. */
  skip(): void {
    if (this.#wire === WIRE_VARINT) this.#varint();
    else if (this.#wire === WIRE_FIXED64) this.#take(8);
    else if (this.#wire === WIRE_BYTES) this.#take(this.#length());
    else if (this.#wire === WIRE_FIXED32) this.#take(4);
    else throw malformed(`wire type ${this.#wire} is not known`);
  }

  #noteRounding(): void {
    const rounding = roundingOf(String((BigInt(this.#high | 0) << 32n) | BigInt(this.#low >>> 0)));
    if (rounding !== undefined) this.rounded.push(rounding);
  }

  #expect(wire: number): void {
    if (this.#wire !== wire) throw malformed('a field has another type than its schema says');
  }

  #length(): number {
    this.#expect(WIRE_BYTES);
    this.#varint();
    return (this.#high >>> 0) * 2 ** 32 + (this.#low >>> 0);
  }

  /** @returns where the `length` bytes start that are now behind */
  #take(length: number): number {
    const start = this.#position;
    if (length > this.#end - start) throw malformed('unexpected end');
    this.#position = start + length;
    return start;
  }

  #varint(): void {
    let low = 0;
    let high = 0;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      if (this.#position >= this.#end) throw malformed('unexpected end');
      const byte = this.#bytes[this.#position++]!;
      const bits = byte & 0x7f;
      if (i < 5) low |= bits << (7 * i);
      if (i === 4) high = bits >>> 4;
      else if (i > 4) high |= bits << (7 * i - 32);
      if (byte < 0x80) {
        this.#low = low;
        this.#high = high;
        return;
      }
    }
    throw malformed('a number is too long');
  }

  #ascii(start: number, length: number): string | undefined {
    let text = '';
    for (let i = start; i < start + length; i++) {
      const byte = this.#bytes[i]!;
      if (byte > 0x7f) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #utf8(start: number, length: number): string {
    try {
      return decoder.decode(this.#bytes.subarray(start, start + length));
    } catch (error) {
      throw malformed('a string is not valid UTF-8', error);
    }
  }
}

export function malformed(reason: string, cause?: unknown): StatusError {
  return new StatusError(
    'BadRequest',
    `the protobuf body is malformed: ${reason}`,
    cause === undefined ? {} : { cause },
  );
}
