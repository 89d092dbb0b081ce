/** Reads scalars into what JSON has for them; parts of small messages in any order, as any encoder may write them. */
import { toBase64 } from '../../base/base64.ts';
import { formatGoDuration } from '../../base/duration.ts';
import type { JsonValue } from '../json.ts';
import { roundedInJson } from '../rounded-integers.ts';
import type { Scalar } from '../schema.ts';
import { malformed, type ProtobufReader } from './reader.ts';
import { NO_TIME_SECONDS } from './time.ts';

/** Null where there is nothing: no time, no embedded object. */
export const SCALAR_READERS: Readonly<Record<Scalar, (reader: ProtobufReader) => JsonValue>> = {
  string: (reader) => reader.text(),
  bool: (reader) => reader.bool(),
  int32: (reader) => reader.int32(),
  int64: (reader) => reader.int64(),
  uint32: (reader) => reader.uint32(),
  double: (reader) => reader.double(),
  bytes: (reader) => toBase64(reader.bytes()),
  quantity: (reader) => readInner(reader) ?? '0',
  intOrString: readIntOrString,
  time: (reader) => readTime(reader, 0),
  microTime: (reader) => readTime(reader, 6),
  duration: (reader) => formatGoDuration(readNumbers(reader)[0] / 1e6),
  raw: readJson,
  json: readJson,
  fields: readJson,
};

/** The text in field 1 of a message. */
function readInner(reader: ProtobufReader): string | undefined {
  let text: string | undefined;
  const outer = reader.enter();
  while (!reader.atEnd) {
    if (reader.tag() === 1) text = reader.text();
    else reader.skip();
  }
  reader.leave(outer);
  return text;
}

/** The numbers in fields 1 and 2 of a message. */
function readNumbers(reader: ProtobufReader): [first: number, second: number, isEmpty: boolean] {
  const outer = reader.enter();
  const isEmpty = reader.atEnd;
  let first = 0;
  let second = 0;
  while (!reader.atEnd) {
    const number = reader.tag();
    if (number === 1) first = reader.int64();
    else if (number === 2) second = reader.int32();
    else reader.skip();
  }
  reader.leave(outer);
  return [first, second, isEmpty];
}

function readIntOrString(reader: ProtobufReader): JsonValue {
  const outer = reader.enter();
  let isText = false;
  let int = 0;
  let text = '';
  while (!reader.atEnd) {
    const number = reader.tag();
    if (number === 1) isText = reader.int64() === 1;
    else if (number === 2) int = reader.int32();
    else if (number === 3) text = reader.text();
    else reader.skip();
  }
  reader.leave(outer);
  return isText ? text : int;
}

const SECONDS_MAX = 253_402_300_799;

function readTime(reader: ProtobufReader, fractionDigits: 0 | 6): JsonValue {
  const [seconds, nanos, isEmpty] = readNumbers(reader);
  if (isEmpty || seconds === NO_TIME_SECONDS) return null;
  if (seconds < NO_TIME_SECONDS || seconds > SECONDS_MAX) throw malformed('a time is not in years 1 to 9999');
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (fractionDigits === 0) return `${whole}Z`;
  if (nanos < 0 || nanos > 999_999_999) throw malformed('a time has more than a second of nanoseconds');
  return `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
}

function readJson(reader: ProtobufReader): JsonValue {
  const text = readInner(reader);
  if (text === undefined || text === '') return null;
  try {
    const value = JSON.parse(text) as JsonValue;
    reader.rounded.push(...roundedInJson(text));
    return value;
  } catch (error) {
    throw malformed('an embedded object is not JSON', error);
  }
}
