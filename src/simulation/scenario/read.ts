/**
 * Reads a scenario's values: what a field may be is a function, and everything that is wrong is said with its place in the
 * file, as `crash.yaml: steps[2].for: ...`.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { parseGoDuration } from '../../base/duration.ts';
import { closest, suggestion } from './closest.ts';

/** A scenario that cannot be meant as it is written; the message begins with the place. */
export class ScenarioError extends Error {
  override name = 'ScenarioError';

  constructor(place: string, message: string, options?: ErrorOptions) {
    super(place.endsWith(':') ? `${place} ${message}` : `${place}: ${message}`, options);
  }
}

/** @throws ScenarioError that names `place` */
export type Read<T> = (value: JsonValue, place: string) => T;

/** `scenarios/x.yaml:` is the place of a whole file. */
export function placeIn(place: string, field: string): string {
  return place.endsWith(':') ? `${place} ${field}` : `${place}.${field}`;
}

interface Optional<T> {
  optional: Read<T>;
}

export type Fields = Readonly<Record<string, Read<unknown> | Optional<unknown>>>;
export type ValuesOf<F extends Fields> = {
  [K in keyof F]: F[K] extends Read<infer T> ? T : F[K] extends Optional<infer T> ? T | undefined : never;
};

/** A field that may be left out. */
export function optional<T>(read: Read<T>): Optional<T> {
  return { optional: read };
}

/** An object with these fields and no others. */
export function fields<F extends Fields>(spec: F): Read<ValuesOf<F>> {
  return (value, place) => {
    const object = jsonObject(value, place);
    for (const name of Object.keys(object)) {
      if (!Object.hasOwn(spec, name)) {
        throw new ScenarioError(place, `there is no field "${name}"${suggestion(name, Object.keys(spec))}`);
      }
    }
    const values = Object.entries(spec).map(([name, read]) => [
      name,
      readField(read, object, { name, place }),
    ]);
    return Object.fromEntries(values);
  };
}

export function readField<T>(read: Read<T>, object: JsonObject, at: { name: string; place: string }): T;
export function readField<T>(
  read: Optional<T>,
  object: JsonObject,
  at: { name: string; place: string },
): T | undefined;
export function readField(
  read: Read<unknown> | Optional<unknown>,
  object: JsonObject,
  at: { name: string; place: string },
): unknown;
export function readField(
  read: Read<unknown> | Optional<unknown>,
  object: JsonObject,
  { name, place }: { name: string; place: string },
): unknown {
  const value = object[name];
  if (value !== undefined && value !== null) {
    return (typeof read === 'function' ? read : read.optional)(value, placeIn(place, name));
  }
  if (typeof read !== 'function') return undefined;
  throw new ScenarioError(placeIn(place, name), 'is missing');
}

export const json: Read<JsonValue> = (value) => value;

export const jsonObject: Read<JsonObject> = (value, place) => {
  if (isJsonObject(value)) return value;
  throw wrongType(value, place, 'an object');
};

export const text: Read<string> = (value, place) => {
  if (typeof value === 'string' && value !== '') return value;
  throw wrongType(value, place, 'text');
};

export const boolean: Read<boolean> = (value, place) => {
  if (typeof value === 'boolean') return value;
  throw wrongType(value, place, 'true or false');
};

/** A whole number. */
export function count(min = 0): Read<number> {
  return (value, place) => {
    if (Number.isInteger(value) && (value as number) >= min) return value as number;
    throw wrongType(value, place, `a whole number of at least ${min}`);
  };
}

/** To milliseconds. */
export const duration: Read<number> = (value, place) => {
  if (value === 0) return 0;
  const ms = typeof value === 'string' ? parseGoDuration(value) : undefined;
  if (ms !== undefined) return ms;
  throw wrongType(value, place, 'a duration such as 30s or 1m30s');
};

export const regex: Read<RegExp> = (value, place) => {
  const source = text(value, place);
  try {
    return new RegExp(source);
  } catch (error) {
    throw new ScenarioError(place, `is no regular expression: ${(error as Error).message}`, { cause: error });
  }
};

export function list<T>(read: Read<T>): Read<T[]> {
  return (value, place) => {
    if (Array.isArray(value)) return value.map((item, index) => read(item, `${place}[${index}]`));
    throw wrongType(value, place, 'a list');
  };
}

export function oneOf<const T extends string>(choices: readonly T[]): Read<T> {
  return (value, place) => {
    if (choices.includes(value as T)) return value as T;
    const near = typeof value === 'string' ? closest(value, choices) : undefined;
    const meant = near === undefined ? '' : `; did you mean "${near}"?`;
    throw new ScenarioError(
      place,
      `must be one of ${choices.join(', ')}, not ${JSON.stringify(value)}${meant}`,
    );
  };
}

/** A map from names of any kind. */
export function mapOf<T>(read: (value: JsonValue, place: string, name: string) => T): Read<Map<string, T>> {
  return (value, place) =>
    new Map(
      Object.entries(jsonObject(value, place)).map(([name, item]) => [
        name,
        read(item, `${place}[${JSON.stringify(name)}]`, name),
      ]),
    );
}

export function wrongType(value: JsonValue, place: string, expected: string): ScenarioError {
  const shown = JSON.stringify(value);
  return new ScenarioError(
    place,
    `must be ${expected}, not ${shown.length > 60 ? `${shown.slice(0, 60)}...` : shown}`,
  );
}
