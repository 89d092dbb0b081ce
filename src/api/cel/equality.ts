/** Equality and order of values, across the types of numbers. @see cel-spec, equality */
import { UnorderedList } from './unordered-list.ts';
import {
  CelDuration,
  CelMap,
  CelOpaque,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  type CelValue,
  isList,
} from './value.ts';

export function celEquals(a: CelValue, b: CelValue): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b) === 0;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (isList(a)) return isList(b) && equalLists(a, b);
  if (a instanceof CelMap) return b instanceof CelMap && equalMaps(a, b);
  if (a instanceof CelTimestamp) return b instanceof CelTimestamp && a.nanos === b.nanos;
  if (a instanceof CelDuration) return b instanceof CelDuration && a.nanos === b.nanos;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && compareBytes(a, b) === 0;
  if (a instanceof CelTypeValue) return b instanceof CelTypeValue && a.name === b.name;
  if (a instanceof CelOptional) return b instanceof CelOptional && equalOptionals(a, b);
  return a instanceof CelOpaque && b instanceof CelOpaque && a.typeName === b.typeName && a.equals(b);
}

function equalLists(a: readonly CelValue[], b: readonly CelValue[]): boolean {
  if (a instanceof UnorderedList) return a.length === b.length && a.every((item) => isAmong(b, item));
  return a.length === b.length && a.every((item, index) => celEquals(item, b[index]!));
}

function isAmong(list: readonly CelValue[], item: CelValue): boolean {
  return list.some((other) => celEquals(item, other));
}

function equalMaps(a: CelMap, b: CelMap): boolean {
  if (a.size !== b.size) return false;
  return a.keys().every((key) => {
    const other = b.get(key);
    return other !== undefined && celEquals(a.get(key)!, other);
  });
}

function equalOptionals({ value: a }: CelOptional, { value: b }: CelOptional): boolean {
  return a === undefined || b === undefined ? a === b : celEquals(a, b);
}

type Numeric = number | bigint | CelUint;

function isNumeric(value: CelValue): value is Numeric {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof CelUint;
}

/** NaN for what has no order. JavaScript compares bigint and number exactly. */
function compareNumbers(a: Numeric, b: Numeric): number {
  const left = a instanceof CelUint ? a.value : a;
  const right = b instanceof CelUint ? b.value : b;
  // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1 is what is asked
  return left < right ? -1 : left > right ? 1 : left == right ? 0 : Number.NaN;
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return a[index]! - b[index]!;
  }
  return a.length - b.length;
}

/** Strings are ordered by code point, as Go's bytes are. NaN for values without an order among each other. */
export function celCompare(a: CelValue, b: CelValue): number {
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof CelTimestamp && b instanceof CelTimestamp) return compareNumbers(a.nanos, b.nanos);
  if (a instanceof CelDuration && b instanceof CelDuration) return compareNumbers(a.nanos, b.nanos);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  return Number.NaN;
}

function compareStrings(a: string, b: string): number {
  let index = 0;
  while (index < a.length && a[index] === b[index]) index++;
  if (index === a.length || index === b.length) return a.length - b.length;
  const isInsidePair = index > 0 && (a.charCodeAt(index - 1) & 0xfc00) === 0xd800;
  const start = isInsidePair ? index - 1 : index;
  return a.codePointAt(start)! - b.codePointAt(start)!;
}
