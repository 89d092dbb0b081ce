/**
 * Reads Kubernetes' protobuf: what kubectl and Go clients send for built-in kinds. By the schema data, no code per kind.
 *
 * What comes out is the object's JSON form, as Go would write it: zero values that JSON leaves out are left out. It is not
 * decoded structurally yet.
 *
 * Bounded: in depth, and in the number of values, since two bytes can stand for a message of a hundred.
 *
 * @see protobuf.dev/programming-guides/encoding
 */
import { StatusError } from '../../base/status-error.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { type GroupVersionKind, splitApiVersion, toApiVersion } from '../meta.ts';
import { ROUNDED_MAX } from '../rounded-integers.ts';
import { type Schema, schemaForKind } from '../schema.ts';
import { openEnvelope } from './envelope.ts';
import { type FieldPlan, type MessagePlan, planOf } from './plan.ts';
import { SCALAR_READERS } from './read-scalar.ts';
import { malformed, ProtobufReader } from './reader.ts';
import { WIRE_BYTES, wireTypeOf } from './wire.ts';
import { ZERO_VALUES } from './zero-values.ts';

const DEPTH_MAX = 100;
/** Of the largest body, 3 MiB, with real contents; they take some 50 MB. */
const VALUES_MAX = 500_000;

interface DecodeOptions {
  /** What an envelope without names holds. */
  assumed?: GroupVersionKind;
  schemaOf?: (gvk: GroupVersionKind) => Schema | undefined;
  /** Takes what is said of integers that a number cannot hold. */
  rounded?: string[];
}

/** The JSON form of the object in `bytes`. @throws StatusError BadRequest */
export function decodeProtobuf(
  bytes: Uint8Array,
  { assumed, schemaOf = schemaForKind, rounded }: DecodeOptions = {},
): JsonObject {
  const envelope = openEnvelope(bytes);
  const kind = envelope.kind || (assumed?.kind ?? '');
  const apiVersion =
    envelope.apiVersion || (assumed === undefined ? '' : toApiVersion(assumed.group, assumed.version));
  const schema = schemaOf({ ...splitApiVersion(apiVersion), kind });
  if (schema === undefined) {
    throw new StatusError(
      'BadRequest',
      `no kind "${kind}" is registered for version "${apiVersion}" in protobuf`,
    );
  }
  const object: JsonObject = { apiVersion, kind };
  const decoder = new MessageDecoder(envelope.message);
  decoder.fields(planOf(schema), object, 0);
  rounded?.push(...decoder.rounded.slice(0, ROUNDED_MAX));
  return object;
}

class MessageDecoder {
  readonly #reader: ProtobufReader;
  #valuesLeft = VALUES_MAX;

  constructor(bytes: Uint8Array) {
    this.#reader = new ProtobufReader(bytes);
  }

  get rounded(): readonly string[] {
    return this.#reader.rounded;
  }

  /** Reads fields into `object` up to the end of the message that the reader is in. */
  fields({ byNumber }: MessagePlan, object: JsonObject, depth: number): void {
    if (depth > DEPTH_MAX) throw malformed('a message is nested too deeply');
    while (!this.#reader.atEnd) {
      const field = byNumber.get(this.#reader.tag());
      if (field === undefined) this.#reader.skip();
      else this.#field(field, object, depth);
    }
  }

  #field(field: FieldPlan, object: JsonObject, depth: number): void {
    const { shape, name } = field;
    if (shape === 'embedded') {
      const outer = this.#reader.enter();
      this.fields(field.message, object, depth + 1);
      this.#reader.leave(outer);
    } else if (shape === 'list') {
      object[name] ??= [];
      this.#items(field, object[name] as JsonValue[], depth);
    } else if (shape === 'map') {
      object[name] ??= {};
      this.#entry(field.value, object[name] as JsonObject, depth);
    } else {
      const value = this.#value(field, object[name], depth);
      if (value === null || (field.omitZero && isZero(value))) delete object[name];
      else object[name] = value;
    }
  }

  /** The next item, or all of them where they stand in one field. */
  #items(field: FieldPlan, items: JsonValue[], depth: number): void {
    const wire = wireTypeOf(field.scalar);
    if (wire === WIRE_BYTES || !this.#reader.isPacked) {
      items.push(this.#value(field, undefined, depth));
      return;
    }
    const outer = this.#reader.enterPacked(wire);
    while (!this.#reader.atEnd) items.push(this.#value(field, undefined, depth));
    this.#reader.leave(outer);
  }

  #entry(field: FieldPlan, map: JsonObject, depth: number): void {
    const outer = this.#reader.enter();
    let key = '';
    let value: JsonValue | undefined;
    while (!this.#reader.atEnd) {
      const number = this.#reader.tag();
      if (number === 1) key = this.#reader.text();
      else if (number === field.number) value = this.#value(field, undefined, depth);
      else this.#reader.skip();
    }
    this.#reader.leave(outer);
    value ??= emptyValue(field);
    if (key === '__proto__') {
      Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
    } else map[key] = value;
  }

  /** @param earlier  what an earlier occurrence of the same message said, which this one adds to */
  #value(field: FieldPlan, earlier: JsonValue | undefined, depth: number): JsonValue {
    if (--this.#valuesLeft < 0) throw malformed('there are too many values in it');
    if (field.scalar !== undefined) return SCALAR_READERS[field.scalar](this.#reader);
    const { message } = field;
    const object: JsonObject = isJsonObject(earlier) && message.form === undefined ? earlier : {};
    const outer = this.#reader.enter();
    this.fields(message, object, depth + 1);
    this.#reader.leave(outer);
    return message.form === undefined ? object : message.form.unwrap(object);
  }
}

/** What an entry without a value stands for. */
function emptyValue(field: FieldPlan): JsonValue {
  if (field.scalar !== undefined) return field.scalar === 'bytes' ? null : ZERO_VALUES[field.scalar];
  const { form } = field.message;
  return form === undefined ? {} : form.unwrap({});
}

function isZero(value: JsonValue): boolean {
  return value === '' || value === 0 || value === false;
}
