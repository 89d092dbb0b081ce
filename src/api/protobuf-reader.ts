/** Reads protobuf's wire format, one field after another. Every read is checked against the end. */
import { StatusError } from '../base/status-error.ts';

const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;
const VARINT_BYTES_MAX = 10;

const decoder = new TextDecoder('utf-8', { fatal: true });

export interface ProtobufTag {
  number: number;
  isVarint: boolean;
}

export class ProtobufReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  #wire = WIRE_BYTES;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** Starts the next field; exactly one of the reads below, or {@link skip}, must follow. */
  tag(): ProtobufTag {
    const key = Number(this.#varint());
    this.#wire = key & 7;
    return { number: key >>> 3, isVarint: this.#wire === WIRE_VARINT };
  }

  varint(): bigint {
    if (this.#wire !== WIRE_VARINT) throw malformed('a field has another type than its schema says');
    return this.#varint();
  }

  bytes(): Uint8Array {
    if (this.#wire !== WIRE_BYTES) throw malformed('a field has another type than its schema says');
    return this.#take(Number(this.#varint()));
  }

  text(): string {
    const bytes = this.bytes();
    try {
      return decoder.decode(bytes);
    } catch (error) {
      throw malformed('a string is not valid UTF-8', error);
    }
  }

  double(): number {
    if (this.#wire !== WIRE_FIXED64) throw malformed('a field has another type than its schema says');
    const bytes = this.#take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }

  /** Passes over the field whose tag was read last. */
  skip(): void {
    if (this.#wire === WIRE_VARINT) this.#varint();
    else if (this.#wire === WIRE_FIXED64) this.#take(8);
    else if (this.#wire === WIRE_BYTES) this.#take(Number(this.#varint()));
    else if (this.#wire === WIRE_FIXED32) this.#take(4);
    else throw malformed(`wire type ${this.#wire} is not known`);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 7n * BigInt(VARINT_BYTES_MAX); shift += 7n) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw malformed('unexpected end');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed('a number is too long');
  }

  #take(length: number): Uint8Array {
    const end = this.#position + length;
    if (!(length >= 0) || end > this.#bytes.length) throw malformed('unexpected end');
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }
}

function malformed(reason: string, cause?: unknown): StatusError {
  return new StatusError(
    'BadRequest',
    `the protobuf body is malformed: ${reason}`,
    cause === undefined ? {} : { cause },
  );
}
