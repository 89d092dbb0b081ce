/**
 * From an object's JSON form to the bytes that upstream's generated marshalers write for it: byte for byte, so that caches,
 * checksums and golden files agree.
 *
 * As in proto2 a value that is no pointer in Go is written also when it is zero or absent, a pointer only when it is set; map
 * entries are sorted by key. `apiVersion` and `kind` of the object itself travel in the envelope (`envelope.ts`).
 *
 * @see github.com/gogo/protobuf/plugin/marshalto; k8s.io/api, generated.pb.go of each package
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { splitApiVersion } from '../meta.ts';
import { type Schema, schemaForKind } from '../schema.ts';
import { sealed } from './envelope.ts';
import { type FieldPlan, type MessagePlan, planOf } from './plan.ts';
import { SCALAR_WRITERS } from './write-scalar.ts';
import { ProtobufWriter } from './writer.ts';
import { ZERO_VALUES } from './zero-values.ts';

const MAP_KEY = 0x0a;
const EMPTY: JsonObject = Object.freeze({});
const SURROGATE = /[\ud800-\udfff]/;

/** One after the other: encoding is a single turn. */
const shared = new ProtobufWriter();
const zeros = new WeakMap<FieldPlan, Uint8Array>();

/** The message of `object`, which is of `schema`, without an envelope. */
export function encodeMessage(object: unknown, schema: Schema): Uint8Array {
  writeMessage(shared, planOf(schema), object as JsonObject);
  return shared.take();
}

/** `object` in its envelope; undefined for a kind without a protobuf form. */
export function encodeProtobuf(
  object: { readonly apiVersion: string; readonly kind: string },
  schema: Schema | undefined = schemaForKind({ ...splitApiVersion(object.apiVersion), kind: object.kind }),
): Uint8Array | undefined {
  return schema && sealed(object, encodeMessage(object, schema));
}

/** @param value  null for the zero message */
function writeMessage(writer: ProtobufWriter, { fields, form }: MessagePlan, value: JsonValue): void {
  const object = form === undefined ? ((value ?? EMPTY) as JsonObject) : form.wrap(value);
  for (let i = fields.length - 1; i >= 0; i--) {
    const field = fields[i]!;
    if (field.shape === 'embedded') writeNested(writer, field, object);
    else writeField(writer, field, object[field.name]);
  }
}

function writeField(writer: ProtobufWriter, field: FieldPlan, value: JsonValue | undefined): void {
  if (value === undefined || value === null) {
    if (field.always) writer.raw(zeroOf(field));
  } else if (field.shape === 'one') {
    writeOne(writer, field, value);
  } else if (field.shape === 'list') {
    if (!Array.isArray(value)) return;
    for (let i = value.length - 1; i >= 0; i--) writeItem(writer, field, value[i]!);
  } else if (isJsonObject(value)) {
    writeMap(writer, field, value);
  }
}

/** A value with its tag. */
function writeOne(writer: ProtobufWriter, field: FieldPlan, value: JsonValue): void {
  if (field.scalar === undefined) {
    writeNested(writer, field, value);
    return;
  }
  SCALAR_WRITERS[field.scalar](writer, value);
  writer.varint(field.tag);
}

function writeItem(writer: ProtobufWriter, field: FieldPlan, item: JsonValue | undefined): void {
  if (item !== null && item !== undefined) writeOne(writer, field, item);
  // No bytes are not empty bytes: the entry has a key alone.
  else if (field.scalar !== 'bytes') writer.raw(zeroOf(field));
}

function writeNested(writer: ProtobufWriter, field: FieldPlan, value: JsonValue): void {
  const before = writer.length;
  writeMessage(writer, field.message, value);
  writer.varint(writer.length - before);
  writer.varint(field.tag);
}

function writeMap(writer: ProtobufWriter, field: FieldPlan, map: JsonObject): void {
  const keys = Object.keys(map);
  if (keys.length > 1) sortKeys(keys);
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = keys[i]!;
    const before = writer.length;
    writeItem(writer, field.value, map[key]);
    writer.text(key);
    writer.byte(MAP_KEY);
    writer.varint(writer.length - before);
    writer.varint(field.tag);
  }
}

/** In the order of their bytes, as Go sorts: that of their units but where a surrogate stands for a character past U+FFFF. */
function sortKeys(keys: string[]): void {
  if (keys.some((key) => SURROGATE.test(key))) keys.sort(compareCodePoints);
  else keys.sort();
}

function compareCodePoints(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  // Where only the second half of a pair differs, its units are in the right order by themselves.
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}

/** A zero value with its tag. */
function zeroOf(field: FieldPlan): Uint8Array {
  let zero = zeros.get(field);
  if (zero === undefined) {
    const writer = new ProtobufWriter();
    writeZero(writer, field);
    zero = writer.take();
    zeros.set(field, zero);
  }
  return zero;
}

function writeZero(writer: ProtobufWriter, field: FieldPlan): void {
  if (field.scalar === undefined) {
    writeNested(writer, field, null);
    return;
  }
  SCALAR_WRITERS[field.scalar](writer, ZERO_VALUES[field.scalar]);
  writer.varint(field.tag);
}
