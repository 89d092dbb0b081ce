/**
 * How upstream's generated code writes each scalar. Those that are messages of their own write their zero parts too, in the
 * order of their numbers; see {@link ProtobufWriter} for why the last part comes first here.
 *
 * What is not of the scalar's JSON type is written as something, never refused: values come from the store.
 *
 * @see apimachinery: pkg/apis/meta/v1/time_proto.go, pkg/util/intstr/generated.proto, pkg/api/resource/generated.proto
 */
import { parseGoDuration } from '../../base/duration.ts';
import type { JsonValue } from '../json.ts';
import type { Scalar } from '../schema.ts';
import { NO_TIME_SECONDS } from './time.ts';
import type { ProtobufWriter } from './writer.ts';

/** Writes the value, with its length where it has one, without the tag. */
type ScalarWriter = (writer: ProtobufWriter, value: JsonValue) => void;

/** Tags of the parts of small messages. */
const TEXT_1 = 0x0a;
const INT_1 = 0x08;
const INT_2 = 0x10;
const TEXT_3 = 0x1a;

const INT_OR_STRING_IS_STRING = 1;

export const SCALAR_WRITERS: Readonly<Record<Scalar, ScalarWriter>> = {
  string: (writer, value) => writer.text(textOf(value)),
  bool: (writer, value) => writer.byte(value === true ? 1 : 0),
  int32: (writer, value) => writer.integer(Number(value)),
  int64: (writer, value) => writer.integer(Number(value)),
  uint32: (writer, value) => writer.integer(Number(value)),
  double: (writer, value) => writer.double(Number(value)),
  bytes(writer, value) {
    const before = writer.length;
    writer.raw(fromBase64(textOf(value)));
    writer.varint(writer.length - before);
  },
  quantity: (writer, value) => writeInner(writer, textOf(value)),
  intOrString: writeIntOrString,
  time: (writer, value) => writeTime(writer, textOf(value)),
  microTime: (writer, value) => writeTime(writer, textOf(value)),
  duration(writer, value) {
    const before = writer.length;
    writer.integer(Math.round((parseGoDuration(textOf(value)) ?? 0) * 1e6));
    writer.byte(INT_1);
    writer.varint(writer.length - before);
  },
  raw: writeJson,
  json: writeJson,
  fields: writeJson,
};

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const BASE64_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const NO_DIGIT = 64;
const digitOf = new Uint8Array(128).fill(NO_DIGIT);
for (let digit = 0; digit < NO_DIGIT; digit++) digitOf[BASE64_DIGITS.charCodeAt(digit)] = digit;

/** Passes over what is no digit, as line feeds and padding. */
function fromBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4));
  let length = 0;
  let bits = 0;
  let pending = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = digitOf[text.charCodeAt(i)] ?? NO_DIGIT;
    if (digit === NO_DIGIT) continue;
    pending = (pending << 6) | digit;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = pending >>> bits;
    pending &= (1 << bits) - 1;
  }
  return bytes.subarray(0, length);
}

/** A message with one text in it. */
function writeInner(writer: ProtobufWriter, text: string): void {
  const before = writer.length;
  writer.text(text);
  writer.byte(TEXT_1);
  writer.varint(writer.length - before);
}

function writeJson(writer: ProtobufWriter, value: JsonValue): void {
  if (value === null) writer.byte(0);
  else writeInner(writer, JSON.stringify(value));
}

function writeIntOrString(writer: ProtobufWriter, value: JsonValue): void {
  const before = writer.length;
  const isText = typeof value === 'string';
  writer.text(isText ? value : '');
  writer.byte(TEXT_3);
  writer.integer(isText ? 0 : Number(value));
  writer.byte(INT_2);
  writer.byte(isText ? INT_OR_STRING_IS_STRING : 0);
  writer.byte(INT_1);
  writer.varint(writer.length - before);
}

/** Seconds and nanoseconds; nothing for the zero time. */
function writeTime(writer: ProtobufWriter, text: string): void {
  const seconds = Math.floor(Date.parse(text) / 1000);
  if (!Number.isFinite(seconds) || seconds === NO_TIME_SECONDS) {
    writer.byte(0);
    return;
  }
  const before = writer.length;
  writer.varint(text.length > '2006-01-02T15:04:05Z'.length ? nanosOf(text) : 0);
  writer.byte(INT_2);
  writer.integer(seconds);
  writer.byte(INT_1);
  writer.varint(writer.length - before);
}

/** Of `2006-01-02T15:04:05.000000Z`. */
function nanosOf(text: string): number {
  const fraction = /\.(\d{1,6})/.exec(text)?.[1] ?? '';
  return Number(fraction.padEnd(6, '0')) * 1000;
}
