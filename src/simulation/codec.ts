/**
 * Data that people write, both ways: a codec reads a value of YAML or JSON into what the simulation holds, and writes it back
 * so that reading it again gives the same. What cannot be meant is refused with its place: `programs.web.runs[0].exit.after`.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../api/json.ts';
import { formatGoDuration, parseGoDuration } from '../base/duration.ts';
import { formatBytes, parseQuantityMilli } from '../base/quantity.ts';
import { closest, suggestion } from './scenario/closest.ts';

/** Something that cannot be meant as it is written. The message begins with the place. */
export class CodecError extends Error {
  override name = 'CodecError';
  readonly place: string;

  constructor(place: string, message: string, options?: ErrorOptions) {
    super(`${place}: ${message}`, options);
    this.place = place;
  }
}

export interface Codec<T> {
  /** @throws CodecError that names `place` */
  parse(value: JsonValue, place: string): T;
  format(value: T): JsonValue;
  /** Names of the fields of an object, and of those within: for the page that describes them. */
  readonly names?: readonly string[];
}

interface Field<T> {
  name: string;
  codec: Codec<T>;
  isRequired: boolean;
}

/** By the name of the property that holds it: a property without a row does not compile. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> };

export function field<T>(name: string, codec: Codec<T>): Field<T> {
  return { name, codec, isRequired: false };
}

export function required<T>(name: string, codec: Codec<T>): Field<T> {
  return { name, codec, isRequired: true };
}

/**
 * An object with these fields and no others.
 *
 * @param check  what its fields must be to each other: returns what is wrong, with the field
 */
export function objectOf<T extends object>(
  spec: FieldsOf<T>,
  check: (value: T) => { field: string; problem: string } | undefined = () => undefined,
): Codec<T> {
  const rows = Object.entries<Field<unknown>>(spec as Record<string, Field<unknown>>);
  const names = rows.map(([, { name }]) => name);
  return {
    names: [...new Set([...names, ...rows.flatMap(([, { codec }]) => codec.names ?? [])])],
    parse(value, place) {
      const object = readObject(value, place);
      const unknown = Object.keys(object).find((name) => !names.includes(name));
      if (unknown !== undefined)
        throw new CodecError(place, `there is no field "${unknown}"${suggestion(unknown, names)}`);
      const entries = rows.flatMap(([key, row]) => {
        const read = readField(object, row, place);
        return read === undefined ? [] : [[key, read] as const];
      });
      const parsed = Object.fromEntries(entries) as T;
      const wrong = check(parsed);
      if (wrong !== undefined) throw new CodecError(placeIn(place, wrong.field), wrong.problem);
      return parsed;
    },
    format(value) {
      const held = value as Readonly<Record<string, unknown>>;
      const entries = rows.flatMap(([key, { codec, name }]) =>
        held[key] === undefined ? [] : [[name, codec.format(held[key])] as const],
      );
      return Object.fromEntries(entries);
    },
  };
}

function readField(object: JsonObject, { codec, isRequired, name }: Field<unknown>, place: string): unknown {
  const value = object[name];
  if (value !== undefined && value !== null) return codec.parse(value, placeIn(place, name));
  if (isRequired) throw new CodecError(placeIn(place, name), 'is missing');
  return undefined;
}

function readObject(value: JsonValue, place: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw wrongType(value, place, 'an object');
}

/** A map from names of one's own. @param check  what is wrong with a name */
export function mapOf<T>(
  codec: Codec<T>,
  check: (name: string) => string | undefined,
): Codec<Record<string, T>> {
  return {
    names: codec.names ?? [],
    parse(value, place) {
      const entries = Object.entries(readObject(value, place)).map(([name, item]) => {
        const problem = check(name);
        if (problem !== undefined) throw new CodecError(placeIn(place, name), problem);
        return [name, codec.parse(item, placeIn(place, name))] as const;
      });
      return Object.fromEntries(entries);
    },
    format: (value) =>
      Object.fromEntries(Object.entries(value).map(([name, item]) => [name, codec.format(item)])),
  };
}

/** @param check  what its items must be to each other: returns the index and what is wrong there */
export function listOf<T>(
  codec: Codec<T>,
  check: (items: readonly T[]) => { index: number; problem: string } | undefined = () => undefined,
): Codec<readonly T[]> {
  return {
    names: codec.names ?? [],
    parse(value, place) {
      if (!Array.isArray(value)) throw wrongType(value, place, 'a list');
      const items = value.map((item, index) => codec.parse(item, `${place}[${index}]`));
      const wrong = check(items);
      if (wrong !== undefined) throw new CodecError(`${place}[${wrong.index}]`, wrong.problem);
      return items;
    },
    format: (value) => value.map((item) => codec.format(item)),
  };
}

export const text: Codec<string> = {
  parse(value, place) {
    if (typeof value === 'string') return value;
    throw wrongType(value, place, 'text');
  },
  format: (value) => value,
};

export const boolean: Codec<boolean> = {
  parse(value, place) {
    if (typeof value === 'boolean') return value;
    throw wrongType(value, place, 'true or false');
  },
  format: (value) => value,
};

export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): Codec<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return {
    parse(value, place) {
      if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
        return value as number;
      throw wrongType(value, place, `a whole number ${range}`);
    },
    format: (value) => value,
  };
}

/** One of some words. */
export function oneOf<const T extends string>(words: readonly T[]): Codec<T> {
  return {
    parse(value, place) {
      if (words.includes(value as T)) return value as T;
      throw new CodecError(
        place,
        `must be one of ${words.join(', ')}, not ${shown(value)}${meant(value, words)}`,
      );
    },
    format: (value) => value,
  };
}

/** One of some words where there is text, another form elsewhere. @param what  the other form, in words */
export function wordOr<const W extends string, T>(
  words: readonly W[],
  what: string,
  other: Codec<T>,
): Codec<W | T> {
  return {
    names: other.names ?? [],
    parse(value, place) {
      if (typeof value !== 'string') return other.parse(value, place);
      if (words.includes(value as W)) return value as W;
      throw new CodecError(
        place,
        `must be ${[...words, what].join(' or ')}, not ${shown(value)}${meant(value, words)}`,
      );
    },
    format: (value) => (typeof value === 'string' ? value : other.format(value as T)),
  };
}

/** Go's duration text, to milliseconds. A number says no unit, so it is refused, but for 0. */
export const duration: Codec<number> = {
  parse(value, place) {
    if (value === 0) return 0;
    if (typeof value === 'number' && value > 0)
      throw new CodecError(place, `${value} of what? Write ${value}ms or ${value}s`);
    if ((typeof value === 'number' || typeof value === 'string') && String(value).startsWith('-'))
      throw new CodecError(place, `must not be negative, as ${shown(value)} is`);
    const ms = typeof value === 'string' ? parseGoDuration(value) : undefined;
    if (ms === undefined) throw wrongType(value, place, 'a duration such as 500ms, 30s or 1m30s');
    return ms;
  },
  format: (value) => (Number.isInteger(value) ? formatGoDuration(value) : `${value}ms`),
};

/** A quantity, to whole bytes. */
export const bytes: Codec<number> = {
  parse(value, place) {
    const milli =
      typeof value === 'string' || typeof value === 'number' ? parseQuantityMilli(String(value)) : undefined;
    if (milli === undefined) throw wrongType(value, place, 'a number of bytes such as 64Mi');
    if (milli < 0n) throw new CodecError(place, `must not be negative, as ${shown(value)} is`);
    if (milli % 1000n !== 0n || milli / 1000n > BigInt(Number.MAX_SAFE_INTEGER))
      throw wrongType(value, place, 'a whole number of bytes that a machine can have');
    return Number(milli / 1000n);
  },
  format: formatBytes,
};

export const bytesPerSecond: Codec<number> = {
  parse(value, place) {
    if (typeof value === 'string' && value.endsWith('/s')) return bytes.parse(value.slice(0, -2), place);
    throw wrongType(value, place, 'bytes in a second such as 1Mi/s');
  },
  format: (value) => `${formatBytes(value)}/s`,
};

function placeIn(place: string, name: string): string {
  return /^[\w-]+$/.test(name) ? `${place}.${name}` : `${place}[${JSON.stringify(name)}]`;
}

function meant(value: JsonValue, words: readonly string[]): string {
  const near = typeof value === 'string' ? closest(value, words) : undefined;
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

function wrongType(value: JsonValue, place: string, expected: string): CodecError {
  return new CodecError(place, `must be ${expected}, not ${shown(value)}`);
}

function shown(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
