/**
 * What mutations construct: `Object{spec: Object.spec{replicas: 3}}` is the part of an object that is to be applied,
 * `JSONPatch{op: "add", path: "/metadata/labels", value: {}}` a step of a patch.
 *
 * @see k8s.io/apiserver/pkg/cel/mutation
 */
import { CelError } from '../cel/cel-error.ts';
import { type CelType, DYN, type ObjectType, STRING } from '../cel/cel-type.ts';
import type { StructType } from '../cel/compile-expression.ts';
import { formatDuration, formatTimestamp } from '../cel/functions/time-text.ts';
import { type Overload, scanning } from '../cel/overload.ts';
import {
  CelDuration,
  CelMap,
  CelTimestamp,
  CelUint,
  type CelValue,
  isList,
  LiteralMap,
  runtimeTypeName,
} from '../cel/value.ts';
import type { JsonObject, JsonValue } from '../json.ts';

/** Any field may be set: what fits is judged when the result is decoded. */
const OBJECT: ObjectType = { kind: 'object', name: 'Object', field: () => DYN };
const PATCH_FIELDS = new Map<string, CelType>([
  ['op', STRING],
  ['path', STRING],
  ['from', STRING],
  ['value', DYN],
]);
const PATCH: ObjectType = { kind: 'object', name: 'JSONPatch', field: (name) => PATCH_FIELDS.get(name) };

function struct(type: ObjectType): StructType {
  return {
    type,
    field: (name) => type.field(name),
    construct(fields) {
      const map = new LiteralMap();
      for (const { name, value } of fields) map.add(name, value);
      return map;
    },
  };
}

/** `Object.*` stands for every path below an object. */
export const MUTATION_STRUCTS: ReadonlyMap<string, StructType> = new Map([
  ['Object', struct(OBJECT)],
  ['Object.*', struct(OBJECT)],
  ['JSONPatch', struct(PATCH)],
]);

export const MUTATION_FUNCTIONS: readonly Overload[] = [
  scanning('jsonpatch.escapeKey(string): string', (key: string) =>
    key.replaceAll('~', '~0').replaceAll('/', '~1'),
  ),
];

/** @throws CelError for what JSON has no word for */
export function toJson(value: CelValue): JsonValue {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(toJson);
  if (value instanceof CelMap) return toJsonObject(value);
  if (value instanceof CelUint) return Number(value.value);
  if (value instanceof CelTimestamp) return formatTimestamp(value);
  if (value instanceof CelDuration) return formatDuration(value);
  if (value instanceof Uint8Array) return btoa(String.fromCharCode(...value));
  throw new CelError(`type conversion error from '${runtimeTypeName(value)}' to JSON`);
}

function toJsonObject(map: CelMap): JsonObject {
  const object: JsonObject = {};
  for (const key of map.keys()) {
    if (typeof key !== 'string') throw new CelError(`unsupported key type: ${runtimeTypeName(key)}`);
    Object.defineProperty(object, key, {
      value: toJson(map.get(key)!),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return object;
}
