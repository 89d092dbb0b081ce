/**
 * Random objects of a schema in the form in which Go writes JSON: what is no pointer is there, zero values that mean absent are
 * not. They are what protobuf can carry without a change.
 */
import type { JsonObject, JsonValue } from '../json.ts';
import type { Field, Form, Scalar, Schema, Target } from '../schema.ts';

/** Deeper than any list in the API; types that hold themselves end here. */
const DEPTH_MAX = 7;
const TEXTS = ['a', 'kube-system', 'é', '\u{1f600}x', '\ufeffmark', '\0', 'z'.repeat(70), '日本'.repeat(30)];

/** @param next  floats in [0, 1) */
export function randomObject(schema: Schema, next: () => number): JsonObject {
  return new RandomObject(next).object(schema, 0);
}

/** A stream that is fixed by `seed`. Mulberry32. */
export function newStream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

class RandomObject {
  readonly #next: () => number;

  constructor(next: () => number) {
    this.#next = next;
  }

  object(schema: Schema, depth: number): JsonObject {
    const object: JsonObject = {};
    for (const field of schema.fields.values()) {
      if (field.numbers.length === 0) continue;
      const value = this.#fieldValue(field, depth);
      if (value !== undefined) object[field.name] = value;
    }
    return object;
  }

  #fieldValue(field: Field, depth: number): JsonValue | undefined {
    const isThere = this.#chance(depth === 0 ? 0.9 : 0.3) && depth < DEPTH_MAX;
    if (field.shape === 'list') return isThere ? this.#many(() => this.#value(field, depth + 1)) : undefined;
    if (field.shape === 'map') return isThere ? this.#map(field, depth) : undefined;
    if (!isThere && (field.pointer || field.omitZero || isAbsentWhenZero(field))) return undefined;
    const value = this.#value(field, depth + 1);
    return field.omitZero && (value === '' || value === 0 || value === false) ? undefined : value;
  }

  #map(field: Field, depth: number): JsonObject {
    const entries = this.#many(() => [this.#text(), this.#value(field, depth + 1)] as JsonValue[]);
    return Object.fromEntries(entries as [string, JsonValue][]);
  }

  #value(target: Target, depth: number): JsonValue {
    if (target.scalar !== undefined) return this.#scalar(target.scalar);
    const schema = target.schema!;
    return schema.forms === undefined ? this.object(schema, depth) : this.#form(schema.forms, depth);
  }

  #form(forms: readonly Form[], depth: number): JsonValue {
    const form = this.#pick(forms);
    return form.shape === 'list'
      ? this.#many(() => this.#value(form, depth + 1))
      : this.#value(form, depth + 1);
  }

  #scalar(scalar: Scalar): JsonValue {
    const values: Record<Scalar, () => JsonValue> = {
      string: () => this.#text(),
      bool: () => this.#chance(0.5),
      int32: () => this.#int(2 ** 31),
      int64: () => this.#int(2 ** 53),
      uint32: () => Math.floor(this.#next() * 2 ** 32),
      double: () => this.#next() * 1e6 - 5e5,
      bytes: () => Buffer.from(this.#text()).toString('base64'),
      quantity: () => this.#pick(['0', '100m', '1500Mi', '2e3']),
      intOrString: () => (this.#chance(0.5) ? this.#int(2 ** 31) : this.#text()),
      time: () => `${this.#date()}Z`,
      microTime: () => `${this.#date()}.${String(Math.floor(this.#next() * 1e6)).padStart(6, '0')}Z`,
      duration: () => this.#pick(['0s', '1ns', '1.5µs', '20ms', '1m30s', '-5s', '26h0m0.000000001s']),
      raw: () => this.#json(),
      json: () => this.#json(),
      fields: () => ({ 'f:metadata': {} }),
    };
    return values[scalar]();
  }

  #json(): JsonValue {
    return { [this.#text()]: [this.#int(1000), this.#text(), null, true] };
  }

  #date(): string {
    const year = 1 + Math.floor(this.#next() * 9998);
    return new Date(Date.UTC(2001, 0, 1, 0, 0, Math.floor(this.#next() * 3e7)))
      .toISOString()
      .replace(/^2001/, String(year).padStart(4, '0'))
      .slice(0, 19);
  }

  #int(limit: number): number {
    const magnitude = limit ** this.#next();
    return this.#chance(0.2) ? -Math.floor(magnitude) : Math.floor(magnitude) - 1;
  }

  #text(): string {
    return this.#chance(0.1) ? this.#pick(TEXTS) : `v${Math.floor(this.#next() * 1000)}`;
  }

  /** One to three. */
  #many<T>(make: () => T): T[] {
    return Array.from({ length: 1 + Math.floor(this.#next() * 3) }, make);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#next() * choices.length)]!;
  }

  #chance(probability: number): boolean {
    return this.#next() < probability;
  }
}

/** In JSON Go writes null for it, or nothing. */
function isAbsentWhenZero({ scalar }: Target): boolean {
  return scalar !== undefined && ['time', 'microTime', 'raw', 'json', 'fields', 'bytes'].includes(scalar);
}
