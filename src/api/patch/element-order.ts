/**
 * The order of a merged list under `$setElementOrder`: elements that the client named stand in the client's order; those
 * that only the server has keep their place relative to their old neighbours.
 *
 * @see k8s.io/apimachinery/pkg/util/strategicpatch/patch.go normalizeElementOrder, mergeSortedSlice
 */
import { equalJson, isJsonObject, type JsonValue } from '../json.ts';
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
  const positionIn = (list: readonly JsonValue[], element: JsonValue) =>
    list.findIndex((other) => equalJson(identity(other, mergeKey), identity(element, mergeKey)));
  const named = merged.filter((element) => positionIn(order, element) >= 0);
  const serverOnly = merged.filter((element) => positionIn(order, element) < 0);
  named.sort((a, b) => positionIn(order, a) - positionIn(order, b));
  serverOnly.sort((a, b) => positionIn(current, a) - positionIn(current, b));

  const result: JsonValue[] = [];
  let next = 0;
  for (const element of serverOnly) {
    const place = positionIn(current, element);
    while (next < named.length && standsBefore(positionIn(current, named[next]!), place))
      result.push(named[next++]!);
    result.push(element);
  }
  return result.concat(named.slice(next));
}

/** A named element that is new has no old place: the server's own go first. */
function standsBefore(position: number, other: number): boolean {
  return position >= 0 && other >= 0 && position < other;
}

function identity(element: JsonValue, mergeKey: string | undefined): JsonValue | undefined {
  return mergeKey !== undefined && isJsonObject(element) ? ownValue(element, mergeKey) : element;
}
