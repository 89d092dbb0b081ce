/** Lists and sets. @see k8s.io/apiserver/pkg/cel/library/lists.go; cel-go ext/sets.go */
import { CelError } from '../cel-error.ts';
import { celCompare, celEquals } from '../equality.ts';
import { define, type Overload, scanning } from '../overload.ts';
import { CelDuration, CelUint, type CelValue, checkInt } from '../value.ts';

type List = readonly CelValue[];

function isSorted(list: List): boolean {
  return list.every((item, index) => index === 0 || celCompare(list[index - 1]!, item) <= 0);
}

function extreme(list: List, name: 'min' | 'max'): CelValue {
  if (list.length === 0) throw new CelError(`${name} called on empty list`);
  const isBetter = (order: number) => (name === 'min' ? order < 0 : order > 0);
  return list.reduce((best, item) => (isBetter(celCompare(item, best)) ? item : best));
}

const SUMS: readonly Overload[] = [
  scanning('list<int>.sum(): int', (list: readonly bigint[]) =>
    checkInt(list.reduce((sum, item) => sum + item, 0n)),
  ),
  scanning(
    'list<uint>.sum(): uint',
    (list: readonly CelUint[]) => new CelUint(list.reduce((sum, { value }) => sum + value, 0n)),
  ),
  scanning('list<double>.sum(): double', (list: readonly number[]) =>
    list.reduce((sum, item) => sum + item, 0),
  ),
  scanning(
    'list<duration>.sum(): duration',
    (list: readonly CelDuration[]) => new CelDuration(list.reduce((sum, { nanos }) => sum + nanos, 0n)),
  ),
];

const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

const product = {
  work: (a: List, b: List) => 10 * a.length * b.length,
  estimate: (a: number, b: number) => 10 * a * b,
};

function containsAll(list: List, items: List): boolean {
  return items.every((item) => list.some((other) => celEquals(item, other)));
}

const SETS: readonly Overload[] = [
  define('sets.contains(list<T>, list<T>): bool', containsAll, product),
  define(
    'sets.equivalent(list<T>, list<T>): bool',
    (a: List, b: List) => containsAll(a, b) && containsAll(b, a),
    product,
  ),
  define(
    'sets.intersects(list<T>, list<T>): bool',
    (a: List, b: List) => a.some((item) => containsAll(b, [item])),
    product,
  ),
];

export const LISTS: readonly Overload[] = [
  ...COMPARABLE.flatMap((type) => [
    scanning(`list<${type}>.isSorted(): bool`, isSorted),
    scanning(`list<${type}>.min(): ${type}`, (list: List) => extreme(list, 'min')),
    scanning(`list<${type}>.max(): ${type}`, (list: List) => extreme(list, 'max')),
  ]),
  ...SUMS,
  scanning('list<T>.indexOf(T): int', (list: List, item: CelValue) =>
    BigInt(list.findIndex((other) => celEquals(other, item))),
  ),
  scanning('list<T>.lastIndexOf(T): int', (list: List, item: CelValue) =>
    BigInt(list.findLastIndex((other) => celEquals(other, item))),
  ),
  ...SETS,
];
