/** The operators. @see cel-spec, doc/langdef.md, "List of Standard Definitions" */
import { CelError } from '../cel-error.ts';
import { celCompare, celEquals } from '../equality.ts';
import { define, fn, type Overload, scanning, sizeOf } from '../overload.ts';
import { newUnorderedList, UnorderedList } from '../unordered-list.ts';
import {
  CelDuration,
  CelMap,
  CelOptional,
  CelTimestamp,
  CelUint,
  type CelValue,
  checkInt,
} from '../value.ts';

/** Equal work as the smaller of both. */
const smaller = {
  work: (a: CelValue, b: CelValue) => Math.min(sizeOf(a), sizeOf(b)),
  estimate: (a: number, b: number) => Math.min(a, b),
};

function divisor<T extends bigint>(value: T, problem: string): T {
  if (value === 0n) throw new CelError(problem);
  return value;
}

const ARITHMETIC: readonly Overload[] = [
  fn('_+_(int, int): int', (a: bigint, b: bigint) => checkInt(a + b)),
  fn('_-_(int, int): int', (a: bigint, b: bigint) => checkInt(a - b)),
  fn('_*_(int, int): int', (a: bigint, b: bigint) => checkInt(a * b)),
  fn('_/_(int, int): int', (a: bigint, b: bigint) => checkInt(a / divisor(b, 'division by zero'))),
  fn('_%_(int, int): int', (a: bigint, b: bigint) => a % divisor(b, 'modulus by zero')),
  fn('-_(int): int', (a: bigint) => checkInt(-a)),
  fn('_+_(uint, uint): uint', (a: CelUint, b: CelUint) => new CelUint(a.value + b.value)),
  fn('_-_(uint, uint): uint', (a: CelUint, b: CelUint) => new CelUint(a.value - b.value)),
  fn('_*_(uint, uint): uint', (a: CelUint, b: CelUint) => new CelUint(a.value * b.value)),
  fn(
    '_/_(uint, uint): uint',
    (a: CelUint, b: CelUint) => new CelUint(a.value / divisor(b.value, 'division by zero')),
  ),
  fn(
    '_%_(uint, uint): uint',
    (a: CelUint, b: CelUint) => new CelUint(a.value % divisor(b.value, 'modulus by zero')),
  ),
  fn('_+_(double, double): double', (a: number, b: number) => a + b),
  fn('_-_(double, double): double', (a: number, b: number) => a - b),
  fn('_*_(double, double): double', (a: number, b: number) => a * b),
  fn('_/_(double, double): double', (a: number, b: number) => a / b),
  fn('-_(double): double', (a: number) => -a),
  fn('!_(bool): bool', (a: boolean) => !a),
];

type List = readonly CelValue[];

/** Of sets and keyed lists the later item takes the place of the one that it equals. */
function joinLists(a: List, b: List): List {
  if (!(a instanceof UnorderedList)) return [...a, ...b];
  const joined = newUnorderedList(a, a.identify);
  for (const item of b) {
    const identity = a.identify(item);
    const at = joined.findIndex((other) => celEquals(a.identify(other), identity));
    if (at < 0) joined.push(item);
    else joined[at] = item;
  }
  return joined;
}

const JOINING: readonly Overload[] = [
  scanning('_+_(string, string): string', (a: string, b: string) => a + b),
  scanning('_+_(bytes, bytes): bytes', (a: Uint8Array, b: Uint8Array) => Uint8Array.from([...a, ...b])),
  scanning('_+_(list<T>, list<T>): list<T>', joinLists),
  fn(
    '_+_(timestamp, duration): timestamp',
    (a: CelTimestamp, b: CelDuration) => new CelTimestamp(a.nanos + b.nanos),
  ),
  fn(
    '_+_(duration, timestamp): timestamp',
    (a: CelDuration, b: CelTimestamp) => new CelTimestamp(a.nanos + b.nanos),
  ),
  fn(
    '_+_(duration, duration): duration',
    (a: CelDuration, b: CelDuration) => new CelDuration(a.nanos + b.nanos),
  ),
  fn(
    '_-_(timestamp, timestamp): duration',
    (a: CelTimestamp, b: CelTimestamp) => new CelDuration(a.nanos - b.nanos),
  ),
  fn(
    '_-_(timestamp, duration): timestamp',
    (a: CelTimestamp, b: CelDuration) => new CelTimestamp(a.nanos - b.nanos),
  ),
  fn(
    '_-_(duration, duration): duration',
    (a: CelDuration, b: CelDuration) => new CelDuration(a.nanos - b.nanos),
  ),
];

const NUMBERS = ['int', 'uint', 'double'];
const ORDERED = [
  ...['bool', 'string', 'bytes', 'timestamp', 'duration'].map((type) => [type, type] as const),
  ...NUMBERS.flatMap((left) => NUMBERS.map((right) => [left, right] as const)),
];

const COMPARISONS: readonly (readonly [string, (order: number) => boolean])[] = [
  ['<', (order) => order < 0],
  ['<=', (order) => order <= 0],
  ['>', (order) => order > 0],
  ['>=', (order) => order >= 0],
];

const RELATIONS: readonly Overload[] = [
  define('_==_(T, T): bool', celEquals as never, smaller),
  define('_!=_(T, T): bool', ((a: CelValue, b: CelValue) => !celEquals(a, b)) as never, smaller),
  ...NUMBERS.flatMap((left) =>
    NUMBERS.filter((right) => right !== left).flatMap((right) => [
      fn(`_==_(${left}, ${right}): bool`, celEquals as never),
      fn(`_!=_(${left}, ${right}): bool`, ((a: CelValue, b: CelValue) => !celEquals(a, b)) as never),
    ]),
  ),
  ...COMPARISONS.flatMap(([operator, decide]) =>
    ORDERED.map(([left, right]) =>
      define(
        `_${operator}_(${left}, ${right}): bool`,
        ((a: CelValue, b: CelValue) => decide(celCompare(a, b))) as never,
        smaller,
      ),
    ),
  ),
];

const MEMBERSHIP: readonly Overload[] = [
  define(
    '@in(T, list<T>): bool',
    ((item: CelValue, list: readonly CelValue[]) => list.some((other) => celEquals(item, other))) as never,
    {
      work: (_item: CelValue, list: readonly CelValue[]) => 10 * list.length,
      estimate: (_item, list) => 10 * list,
    },
  ),
  fn('@in(K, map<K, V>): bool', (key: CelValue, map: CelMap) => map.get(key) !== undefined),
];

const OPTIONALS: readonly Overload[] = [
  fn('optional.of(T): optional<T>', (value: CelValue) => new CelOptional(value)),
  fn('optional.none(): optional<T>', () => new CelOptional(undefined)),
  fn(
    'optional.ofNonZeroValue(T): optional<T>',
    (value: CelValue) => new CelOptional(isZero(value) ? undefined : value),
  ),
  fn('optional<T>.hasValue(): bool', ({ value }: CelOptional) => value !== undefined),
  fn('optional<T>.value(): T', ({ value }: CelOptional) => {
    if (value === undefined) throw new CelError('optional.none() dereference');
    return value;
  }),
];

const OPTIONAL_LISTS: readonly Overload[] = [
  scanning('optional.unwrap(list<optional<T>>): list<T>', unwrap),
  scanning('list<optional<T>>.unwrapOpt(): list<T>', unwrap),
  fn('list<T>.first(): optional<T>', (list: List) => new CelOptional(list[0])),
  fn('list<T>.last(): optional<T>', (list: List) => new CelOptional(list.at(-1))),
];

function unwrap(list: readonly CelOptional[]): CelValue[] {
  return list.flatMap(({ value }) => (value === undefined ? [] : [value]));
}

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === '' || value === 0 || value === 0n) return true;
  if (value instanceof CelUint) return value.value === 0n;
  if (value instanceof CelMap) return value.size === 0;
  if (value instanceof CelDuration) return value.nanos === 0n;
  return (Array.isArray(value) || value instanceof Uint8Array) && value.length === 0;
}

export const OPERATORS: readonly Overload[] = [
  ...ARITHMETIC,
  ...JOINING,
  ...RELATIONS,
  ...MEMBERSHIP,
  ...OPTIONALS,
  ...OPTIONAL_LISTS,
];
