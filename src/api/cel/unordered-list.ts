/** Lists whose order means nothing: sets, and lists of items with keys. @see k8s.io/apiserver/pkg/cel/common/values.go */
import type { CelValue } from './value.ts';

export class UnorderedList extends Array<CelValue> {
  /** What tells items apart: in a set they themselves, else the values of their keys. */
  identify: (item: CelValue) => CelValue = (item) => item;

  /** What is derived from such a list is an ordinary one. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

export function newUnorderedList(
  values: readonly CelValue[],
  identify: (item: CelValue) => CelValue,
): UnorderedList {
  const list = new UnorderedList();
  for (const value of values) list.push(value);
  list.identify = identify;
  return list;
}
