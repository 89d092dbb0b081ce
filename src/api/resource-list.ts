/**
 * Lists of quantities by resource name, as quotas add and compare them: `{ cpu: '1500m', 'requests.memory': '1Gi' }`.
 * A sum has the form, binary or decimal, of its first part that is not zero.
 *
 * @see k8s.io/apiserver/pkg/quota/v1/resources.go
 */
import { compareQuantities, parseQuantityMilli } from '../base/quantity.ts';
import { formatQuantity } from './validation/structural-quantity.ts';

export type ResourceList = Readonly<Record<string, string>>;

/** `1Gi` and `512Mi` are `1536Mi`. */
export function addQuantities(a: string, b: string): string {
  const [left, right] = [milliOf(a), milliOf(b)];
  return formatQuantity(left + right, left === 0n ? b : a);
}

export function addLists(a: ResourceList, b: ResourceList): ResourceList {
  const sum: Record<string, string> = { ...a };
  for (const [name, quantity] of Object.entries(b)) {
    const before = sum[name];
    sum[name] = before === undefined ? quantity : addQuantities(before, quantity);
  }
  return sum;
}

/** What all of `lists` have of each of `names`; `0` of what none has. Formats only sums: there may be thousands of lists. */
export function sumLists(lists: Iterable<ResourceList>, names: readonly string[]): ResourceList {
  const sums = names.map((name) => ({ name, milli: 0n, form: '0' }));
  for (const list of lists) {
    for (const sum of sums) {
      const quantity = list[sum.name];
      if (quantity === undefined) continue;
      if (sum.milli === 0n) sum.form = quantity;
      sum.milli += milliOf(quantity);
    }
  }
  return Object.fromEntries(sums.map(({ name, milli, form }) => [name, formatQuantity(milli, form)]));
}

/** What `a` has more than `b`; never less than nothing. */
export function increaseOf(a: ResourceList, b: ResourceList): ResourceList {
  return Object.fromEntries(
    Object.entries(a).map(([name, quantity]) => {
      const more = milliOf(quantity) - milliOf(b[name] ?? '0');
      return [name, more > 0n ? formatQuantity(more, quantity) : '0'];
    }),
  );
}

export function pickResources(list: ResourceList, isWanted: (name: string) => boolean): ResourceList {
  return Object.fromEntries(Object.entries(list).filter(([name]) => isWanted(name)));
}

export function withoutZeros(list: ResourceList): ResourceList {
  return pickResources(list, (name) => milliOf(list[name]!) !== 0n);
}

/** The names by which `list` is above `limits`; what has no limit is never above it. */
export function namesAbove(list: ResourceList, limits: ResourceList): Set<string> {
  const isAbove = ([name, limit]: [string, string]) =>
    list[name] !== undefined && compareQuantities(list[name], limit) > 0;
  return new Set(
    Object.entries(limits)
      .filter(isAbove)
      .map(([name]) => name),
  );
}

export function isNegativeQuantity(quantity: string): boolean {
  return milliOf(quantity) < 0n;
}

/** By value: `1` equals `1000m`. */
export function equalLists(a: ResourceList, b: ResourceList): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && compareQuantities(a[name]!, b[name]) === 0)
  );
}

/** `limits.cpu=2,pods=1`: as messages show it. */
export function formatList(list: ResourceList): string {
  return Object.keys(list)
    .sort()
    .map((name) => `${name}=${list[name]}`)
    .join(',');
}

function milliOf(quantity: string): bigint {
  return parseQuantityMilli(quantity) ?? 0n;
}
