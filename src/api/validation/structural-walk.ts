/**
 * The walk of one value along one schema: the inner loop of every write, so it allocates nothing while all is well.
 *
 * Invariant: `#path` names the value being looked at, from the root: fields, list indices, and map keys with a dot in front.
 * Errors come in two ranks, as in Go: a failing custom decoder (quantity, time) ends decoding and is what gets reported; a
 * wrong JSON type is remembered, and the first one reported if nothing worse came.
 */
import { assert } from '../../base/assert.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { isNestedWithin, NESTING_MAX } from '../nesting.ts';
import type { Field, Form, Scalar, Schema } from '../schema.ts';
import { canonicalQuantity } from './structural-quantity.ts';
import { canonicalTime } from './structural-time.ts';

/** Upstream stops collecting unknown and duplicate fields here. */
export const STRICT_ERRORS_MAX = 100;

const INT_RANGES: Record<'int32' | 'int64' | 'uint32', readonly [number, number]> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
  uint32: [0, 2 ** 32 - 1],
};
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const ZEROS: Record<Scalar, JsonValue> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  uint32: 0,
  double: 0,
  bytes: '',
  quantity: '0',
  intOrString: 0,
  time: null,
  microTime: null,
  duration: '0s',
  raw: null,
  json: null,
  fields: null,
};

export class StructuralWalk {
  readonly unknownFields: string[] = [];
  readonly #path: (string | number)[] = [];
  readonly #trustsFrozen: boolean;
  readonly #isPartial: boolean;
  #struct = '';
  #fatal: string | undefined;
  #typeError: string | undefined;

  constructor({ trustsFrozen = false, partial = false }: { trustsFrozen?: boolean; partial?: boolean } = {}) {
    this.#trustsFrozen = trustsFrozen;
    this.#isPartial = partial;
  }

  /** Go's complaint about the value, if it cannot be decoded. */
  error(): string | undefined {
    return this.#fatal ?? this.#typeError;
  }

  notAnObject(value: JsonValue, schema: Schema): string {
    return `json: cannot unmarshal ${jsonWord(value)} into Go value of type v1.${schema.shortName}`;
  }

  object(value: JsonObject, schema: Schema, depth: number): void {
    if (depth > NESTING_MAX) {
      this.#fail('exceeded max depth');
      return;
    }
    const outer = this.#struct;
    this.#struct = schema.shortName;
    const { fields, texts } = schema;
    for (const key in value) {
      const child = value[key] as JsonValue;
      const field = fields.get(key);
      if (field === undefined) {
        this.#reportUnknown(key);
        delete value[key];
      } else if (child === null) delete value[key];
      else if (!this.#isTrusted(child)) {
        const decoded = this.#field(child, field, depth + 1);
        if (decoded !== child) value[key] = decoded;
        if (field.omitZero && isZero(decoded)) delete value[key];
      }
    }
    if (!this.#isPartial) for (const name of texts) value[name] ??= '';
    this.#struct = outer;
  }

  #field(value: JsonValue, field: Field, depth: number): JsonValue {
    if (field.shape === 'one') {
      if (field.scalar !== undefined) return this.#scalar(value, field.scalar, field);
      this.#path.push(field.name);
      const decoded = this.#defined(value, field, depth);
      this.#path.pop();
      return decoded;
    }
    this.#path.push(field.name);
    if (field.shape === 'list') {
      if (Array.isArray(value)) this.#list(value, field, depth);
      else this.#wrongType(value, field, true);
    } else if (typeof value === 'object' && !Array.isArray(value))
      this.#map(value as JsonObject, field, depth);
    else this.#wrongType(value, field, true);
    this.#path.pop();
    return value;
  }

  #list(list: JsonValue[], field: Field, depth: number): void {
    for (let i = 0; i < list.length; i++) {
      const item = list[i] as JsonValue;
      if (this.#isTrusted(item)) continue;
      this.#path.push(i);
      const decoded = item === null ? this.#zeroOf(field) : this.#one(item, field, depth);
      if (decoded !== item) list[i] = decoded;
      this.#path.pop();
    }
  }

  #map(map: JsonObject, field: Field, depth: number): void {
    for (const key in map) {
      const item = map[key] as JsonValue;
      if (field.scalar === 'string' && typeof item === 'string') continue;
      this.#path.push(`.${key}`);
      const decoded = item === null ? this.#zeroOf(field) : this.#one(item, field, depth);
      if (decoded !== item) map[key] = decoded;
      this.#path.pop();
    }
  }

  /** What Go makes of a `null` in a list or a map. */
  #zeroOf({ scalar, schema }: Field): JsonValue {
    if (scalar !== undefined) return ZEROS[scalar];
    const texts = this.#isPartial ? [] : (schema?.texts ?? []);
    return Object.fromEntries(texts.map((name) => [name, '']));
  }

  #isTrusted(value: JsonValue): boolean {
    return this.#trustsFrozen && typeof value === 'object' && value !== null && Object.isFrozen(value);
  }

  #one(value: JsonValue, field: Field, depth: number): JsonValue {
    return field.scalar === undefined
      ? this.#defined(value, field, depth + 1)
      : this.#scalar(value, field.scalar, field);
  }

  #defined(value: JsonValue, field: Field, depth: number): JsonValue {
    const { schema } = field;
    assert(schema !== undefined, 'a field that is not a scalar has a schema');
    if (schema.forms !== undefined) this.#anyForm(value, schema.forms, field, depth);
    else if (typeof value === 'object' && !Array.isArray(value))
      this.object(value as JsonObject, schema, depth);
    else this.#wrongType(value, field, false);
    return value;
  }

  /** Takes the form whose JSON type fits: an object, a list or a boolean. */
  #anyForm(value: JsonValue, forms: readonly Form[], field: Field, depth: number): void {
    const shape = Array.isArray(value) ? 'list' : 'one';
    const isBool = typeof value === 'boolean';
    const form = forms.find(
      (candidate) => candidate.shape === shape && (candidate.scalar === 'bool') === isBool,
    );
    if (form === undefined) this.#wrongType(value, field, false);
    else if (Array.isArray(value)) for (const item of value) this.#formValue(item, form, field, depth);
    else if (!isBool) this.#formValue(value, form, field, depth);
  }

  #formValue(value: JsonValue, form: Form, field: Field, depth: number): void {
    if (form.schema !== undefined && isObject(value)) this.object(value, form.schema, depth);
    else if (form.schema !== undefined) this.#wrongType(value, field, false);
    else if (typeof value !== 'string') this.#wrongItem(value, 'string', field);
  }

  #scalar(value: JsonValue, scalar: Scalar, field: Field): JsonValue {
    if (scalar === 'string') {
      if (typeof value !== 'string') this.#wrongType(value, field, false);
      return value;
    }
    if (scalar === 'int32' || scalar === 'int64' || scalar === 'uint32') {
      if (typeof value === 'number') return this.integer(value, scalar, field);
      this.#wrongType(value, field, false);
      return value;
    }
    if (scalar === 'bool') {
      if (typeof value !== 'boolean') this.#wrongType(value, field, false);
      return value;
    }
    return DECODERS[scalar](this, value, field);
  }

  /** For {@link DECODERS} too: a number must be whole and in range. */
  integer(value: number, scalar: 'int32' | 'int64' | 'uint32', field: Field): number {
    const [min, max] = INT_RANGES[scalar];
    if (!Number.isInteger(value) || value < min || value > max) {
      this.#mismatch(`number ${value}`, field.scalar === 'intOrString' ? scalar : itemType(field), field);
    }
    return value;
  }

  /** For {@link DECODERS}: remembers a value of the wrong JSON type for this scalar. */
  wrongScalar(value: JsonValue, goType: string, field: Field): JsonValue {
    this.#wrongItem(value, goType, field);
    return value;
  }

  /** For {@link DECODERS}: the canonical text, or the failure of a custom decoder. */
  canonical(result: string | { error: string }): string {
    if (typeof result === 'string') return result;
    this.#fail(result.error);
    return '';
  }

  /** For {@link DECODERS}: base64 is checked after its JSON type, and reported with the rank of a wrong type. */
  malformedBytes(text: string): void {
    const illegal = text.search(/[^A-Za-z0-9+/\r\n]/);
    const position = illegal >= 0 ? illegal : Math.floor(text.length / 4) * 4;
    this.#typeError ??= `illegal base64 data at input byte ${position}`;
  }

  tooDeep(): void {
    this.#fail('exceeded max depth');
  }

  #wrongType(value: JsonValue, field: Field, isWhole: boolean): void {
    this.#mismatch(jsonWord(value), isWhole ? field.goType : itemType(field), field);
  }

  #wrongItem(value: JsonValue, goType: string, field: Field): void {
    this.#mismatch(jsonWord(value), goType, field);
  }

  #mismatch(word: string, goType: string, field: Field): void {
    if (this.#typeError !== undefined) return;
    const names = this.#path.filter((step) => typeof step === 'string' && !step.startsWith('.'));
    // A single scalar is looked at without being entered.
    if (field.shape === 'one' && field.scalar !== undefined) names.push(field.name);
    this.#typeError = `json: cannot unmarshal ${word} into Go struct field ${this.#struct}.${names.join('.')} of type ${goType}`;
  }

  #fail(message: string): void {
    this.#fatal ??= message;
  }

  #reportUnknown(key: string): void {
    if (this.unknownFields.length >= STRICT_ERRORS_MAX) return;
    let text = '';
    for (const step of [...this.#path, key]) {
      if (typeof step === 'number') text += `[${step}]`;
      else if (step.startsWith('.')) text += step;
      else text += text === '' ? step : `.${step}`;
    }
    this.unknownFields.push(text);
  }
}

type Decoder = (walk: StructuralWalk, value: JsonValue, field: Field) => JsonValue;
type CheckedInline = 'string' | 'bool' | 'int32' | 'int64' | 'uint32';

const keep: Decoder = (walk, value) => {
  if (!isNestedWithin(value, NESTING_MAX)) walk.tooDeep();
  return value;
};

/** Scalars with a form of their own in JSON; those of every second field are checked inline above. */
const DECODERS: Record<Exclude<Scalar, CheckedInline>, Decoder> = {
  double(walk, value, field) {
    return typeof value === 'number' ? value : walk.wrongScalar(value, itemType(field), field);
  },
  bytes(walk, value, field) {
    if (typeof value !== 'string') return walk.wrongScalar(value, '[]uint8', field);
    const text = /[\r\n]/.test(value) ? value.replaceAll(/[\r\n]/g, '') : value;
    if (text.length % 4 !== 0 || !BASE64.test(text)) walk.malformedBytes(text);
    return text;
  },
  quantity(walk, value) {
    if (typeof value === 'string') return walk.canonical(canonicalQuantity(value.trim()));
    if (typeof value === 'number') return walk.canonical(canonicalQuantity(String(value).replace('e+', 'e')));
    return walk.canonical(canonicalQuantity(JSON.stringify(value)));
  },
  intOrString(walk, value, field) {
    if (typeof value === 'string') return value;
    if (typeof value !== 'number') return walk.wrongScalar(value, 'int32', field);
    return walk.integer(value, 'int32', field);
  },
  time(walk, value, field) {
    if (typeof value !== 'string') return walk.wrongScalar(value, 'string', field);
    return walk.canonical(canonicalTime(value, 'seconds'));
  },
  microTime(walk, value, field) {
    if (typeof value !== 'string') return walk.wrongScalar(value, 'string', field);
    return walk.canonical(canonicalTime(value, 'micros'));
  },
  duration(walk, value, field) {
    return typeof value === 'string' ? value : walk.wrongScalar(value, 'string', field);
  },
  raw: keep,
  json: keep,
  fields: keep,
};

function isZero(value: JsonValue): boolean {
  if (typeof value !== 'object') return value === '' || value === 0 || value === false;
  if (value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Go's type of one item: `[]v1.Container` → `v1.Container`, `map[string]string` → `string`. */
function itemType(field: Field): string {
  if (field.shape === 'one') return field.goType;
  return field.goType.startsWith('map[') || field.goType.startsWith('[]')
    ? field.goType.slice(field.goType.indexOf(']') + 1)
    : field.goType;
}

function jsonWord(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
