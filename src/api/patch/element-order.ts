/**
 * The order of a merged list under `$setElementOrder`: elements that the client named stand in the client's order; those
 * that only the server has keep their place relative to their old neighbours.
 *
 * @see k8s.io/apimachinery/pkg/util/strategicpatch/patch.go normalizeElementOrder, mergeSortedSlice
 */
import { canonicalJson, isJsonObject, type JsonValue } from '../json.ts';
import { ownValue } from './merge-patch.ts';

export interface ElementOrder {
  /** The client's order: values, or objects with just the merge key. */
  order: readonly JsonValue[];
  /** The list before the patch. */
  current: readonly JsonValue[];
  mergeKey: string | undefined;
}

export function orderElements(
  merged: readonly JsonValue[],
  { order, current, mergeKey }: ElementOrder,
): JsonValue[] {
  const keyOf = (element: JsonValue) => identity(element, mergeKey);
  const [ordered, before] = [positionsIn(order, keyOf), positionsIn(current, keyOf)];
  const placed = merged.map((element): Placed => {
    const key = keyOf(element);
    return { element, named: ordered.get(key) ?? ABSENT, old: before.get(key) ?? ABSENT };
  });
  const named = placed.filter(({ named }) => named !== ABSENT).sort((a, b) => a.named - b.named);
  const serverOnly = placed.filter(({ named }) => named === ABSENT).sort((a, b) => a.old - b.old);

  const result: JsonValue[] = [];
  let next = 0;
  for (const { element, old } of serverOnly) {
    while (next < named.length && standsBefore(named[next]!.old, old)) result.push(named[next++]!.element);
    result.push(element);
  }
  return result.concat(named.slice(next).map(({ element }) => element));
}

const ABSENT = -1;

/** An element with its positions in the client's order and in the list before, or {@link ABSENT}. */
interface Placed {
  element: JsonValue;
  named: number;
  old: number;
}

/** Where each element stands first. */
function positionsIn(
  list: readonly JsonValue[],
  keyOf: (element: JsonValue) => string | undefined,
): Map<string | undefined, number> {
  const positions = new Map<string | undefined, number>();
  for (const [i, element] of list.entries()) {
    const key = keyOf(element);
    if (!positions.has(key)) positions.set(key, i);
  }
  return positions;
}

/** A named element that is new has no old place: the server's own go first. */
function standsBefore(position: number, other: number): boolean {
  return position >= 0 && other >= 0 && position < other;
}

/** Of an element without the merge key there is none: they all are the same. */
function identity(element: JsonValue, mergeKey: string | undefined): string | undefined {
  const value = mergeKey !== undefined && isJsonObject(element) ? ownValue(element, mergeKey) : element;
  return value === undefined ? undefined : canonicalJson(value);
}
