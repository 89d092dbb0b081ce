/**
 * Reads Kubernetes' protobuf: what kubectl and Go clients send for built-in kinds. By the schema data, no code per kind.
 *
 * An object travels in an envelope: the magic `k8s\0`, then a `runtime.Unknown` that names the kind and holds the message.
 * What comes out is the object's JSON form, as yet undecoded: zero values included, which the structural decoder drops.
 *
 * @see k8s.io/apimachinery/pkg/runtime/generated.proto, protobuf.dev/programming-guides/encoding
 */
import { toBase64 } from '../base/base64.ts';
import { StatusError } from '../base/status-error.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { splitApiVersion } from './meta.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { type Field, type Scalar, type Schema, schemaForKind, type Target } from './schema.ts';

export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

const MAGIC = [0x6b, 0x38, 0x73, 0x00];
const DEPTH_MAX = 100;

/** Which field a number stands for; an embedded message has numbers of its own. */
type FieldNumbers = Map<number, Field | FieldNumbers>;

const numbersOf = new WeakMap<Schema, FieldNumbers>();

/** The JSON form of the object in `bytes`. @throws StatusError BadRequest or UnsupportedMediaType */
export function decodeProtobuf(bytes: Uint8Array): JsonObject {
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new StatusError(
      'BadRequest',
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  const { apiVersion, kind, raw } = readEnvelope(new ProtobufReader(bytes.subarray(MAGIC.length)));
  const schema = schemaForKind({ ...splitApiVersion(apiVersion), kind });
  if (schema === undefined) {
    throw new StatusError(
      'BadRequest',
      `no kind "${kind}" is registered for version "${apiVersion}" in protobuf`,
    );
  }
  return { apiVersion, kind, ...readMessage(new ProtobufReader(raw), schema, 0) };
}

function readEnvelope(reader: ProtobufReader): { apiVersion: string; kind: string; raw: Uint8Array } {
  const envelope = { apiVersion: '', kind: '', raw: new Uint8Array() as Uint8Array };
  while (!reader.atEnd) {
    const { number } = reader.tag();
    if (number === 1) {
      const meta = new ProtobufReader(reader.bytes());
      while (!meta.atEnd) {
        const tag = meta.tag();
        if (tag.number === 1) envelope.apiVersion = meta.text();
        else if (tag.number === 2) envelope.kind = meta.text();
        else meta.skip();
      }
    } else if (number === 2) envelope.raw = reader.bytes();
    else reader.skip();
  }
  return envelope;
}

function readMessage(reader: ProtobufReader, schema: Schema, depth: number): JsonObject {
  const object: JsonObject = {};
  readFields(reader, { object, numbers: fieldNumbers(schema), depth });
  return object;
}

interface Cursor {
  object: JsonObject;
  numbers: FieldNumbers;
  depth: number;
}

function readFields(reader: ProtobufReader, { object, numbers, depth }: Cursor): void {
  if (depth > DEPTH_MAX) throw new StatusError('BadRequest', 'protobuf: message is nested too deeply');
  while (!reader.atEnd) {
    const { number } = reader.tag();
    const field = numbers.get(number);
    if (field === undefined) reader.skip();
    else if (field instanceof Map)
      readFields(new ProtobufReader(reader.bytes()), { object, numbers: field, depth: depth + 1 });
    else readField(reader, field, object, depth);
  }
}

function readField(reader: ProtobufReader, field: Field, object: JsonObject, depth: number): void {
  if (field.shape === 'one') {
    object[field.name] = readTarget(reader, field, depth);
  } else if (field.shape === 'list') {
    object[field.name] ??= [];
    (object[field.name] as JsonValue[]).push(readTarget(reader, field, depth));
  } else {
    object[field.name] ??= {};
    const { key, value } = readEntry(new ProtobufReader(reader.bytes()), field, depth);
    const entry = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(object[field.name], key, entry);
  }
}

function readEntry(reader: ProtobufReader, target: Target, depth: number): { key: string; value: JsonValue } {
  let key = '';
  let value: JsonValue | undefined;
  while (!reader.atEnd) {
    const { number } = reader.tag();
    if (number === 1) key = reader.text();
    else if (number === 2) value = readTarget(reader, target, depth);
    else reader.skip();
  }
  return { key, value: value ?? emptyTarget(target) };
}

function emptyTarget(target: Target): JsonValue {
  if (target.schema !== undefined) return {};
  return target.scalar === 'string' || target.scalar === 'bytes' ? '' : null;
}

function readTarget(reader: ProtobufReader, target: Target, depth: number): JsonValue {
  if (target.scalar !== undefined) return SCALAR_READERS[target.scalar](reader);
  const schema = target.schema!;
  if (schema.forms === undefined) return readMessage(new ProtobufReader(reader.bytes()), schema, depth + 1);
  const [form, ...others] = schema.forms;
  if (form?.shape !== 'list' || others.length > 0) {
    throw new StatusError(
      'UnsupportedMediaType',
      `protobuf is not supported for ${schema.shortName}: send JSON`,
    );
  }
  return readItems(new ProtobufReader(reader.bytes()), form, depth + 1);
}

/** A list that is a message of its own: its items stand in field 1. */
function readItems(reader: ProtobufReader, item: Target, depth: number): JsonValue[] {
  const items: JsonValue[] = [];
  while (!reader.atEnd) {
    if (reader.tag().number === 1) items.push(readTarget(reader, item, depth));
    else reader.skip();
  }
  return items;
}

const SCALAR_READERS: Record<Scalar, (reader: ProtobufReader) => JsonValue> = {
  string: (reader) => reader.text(),
  bool: (reader) => reader.varint() !== 0n,
  int32: (reader) => Number(BigInt.asIntN(32, reader.varint())),
  int64: (reader) => Number(BigInt.asIntN(64, reader.varint())),
  uint32: (reader) => Number(BigInt.asUintN(32, reader.varint())),
  double: (reader) => reader.double(),
  bytes: (reader) => toBase64(reader.bytes()),
  quantity: (reader) => partsOf(reader).get(1)?.text ?? '0',
  intOrString: (reader) => {
    const parts = partsOf(reader);
    return parts.get(1)?.int === 1 ? (parts.get(3)?.text ?? '') : (parts.get(2)?.int ?? 0);
  },
  time: (reader) => readTime(reader, 0),
  microTime: (reader) => readTime(reader, 6),
  duration: (reader) => `${(partsOf(reader).get(1)?.int ?? 0) / 1e9}s`,
  raw: readJson,
  json: readJson,
  fields: readJson,
};

interface Part {
  int: number;
  text: string;
}

/** The scalars of one of the small messages that JSON writes as a single value. */
function partsOf(reader: ProtobufReader): Map<number, Part> {
  const inner = new ProtobufReader(reader.bytes());
  const parts = new Map<number, Part>();
  while (!inner.atEnd) {
    const { number, isVarint } = inner.tag();
    if (isVarint) parts.set(number, { int: Number(BigInt.asIntN(64, inner.varint())), text: '' });
    else parts.set(number, { int: 0, text: inner.text() });
  }
  return parts;
}

/** The year 1, which Go writes for no time at all. */
const NO_TIME_SECONDS = -62_135_596_800;

function readTime(reader: ProtobufReader, fractionDigits: 0 | 6): JsonValue {
  const parts = partsOf(reader);
  const seconds = parts.get(1)?.int;
  if (seconds === undefined || seconds === NO_TIME_SECONDS) return null;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (fractionDigits === 0) return `${whole}Z`;
  const micros = Math.floor((parts.get(2)?.int ?? 0) / 1000);
  return `${whole}.${String(micros).padStart(6, '0')}Z`;
}

function readJson(reader: ProtobufReader): JsonValue {
  const inner = new ProtobufReader(reader.bytes());
  let value: JsonValue = null;
  while (!inner.atEnd) {
    if (inner.tag().number === 1) value = parseJson(inner.text());
    else inner.skip();
  }
  return value;
}

function parseJson(text: string): JsonValue {
  try {
    return text === '' ? null : (JSON.parse(text) as JsonValue);
  } catch (error) {
    throw new StatusError('BadRequest', 'protobuf: an embedded object is not JSON', { cause: error });
  }
}

function fieldNumbers(schema: Schema): FieldNumbers {
  const known = numbersOf.get(schema);
  if (known !== undefined) return known;
  const numbers: FieldNumbers = new Map();
  for (const field of schema.fields.values()) place(numbers, field, field.numbers);
  numbersOf.set(schema, numbers);
  return numbers;
}

function place(numbers: FieldNumbers, field: Field, [first, ...rest]: readonly number[]): void {
  if (first === undefined) return;
  if (rest.length === 0) {
    numbers.set(first, field);
    return;
  }
  const inner = numbers.get(first);
  const embedded: FieldNumbers = inner instanceof Map ? inner : new Map();
  numbers.set(first, embedded);
  place(embedded, field, rest);
}
