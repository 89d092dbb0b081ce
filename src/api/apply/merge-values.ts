/**
 * The merge of server-side apply: what is applied over what is there. Maps and structs field by field, sets and keyed lists
 * item by item, everything else as one value. Nothing is removed here: what an owner no longer applies is pruned afterwards.
 *
 * @see sigs.k8s.io/structured-merge-diff/typed/merge.go
 */
import { equalJson, type JsonValue } from '../json.ts';
import { type ApplyType, typeFor } from './apply-type.ts';
import type { PathElement } from './path-element.ts';
import { type Item, itemsOf } from './typed-value.ts';

/** @returns `live` itself where nothing changes; else a value whose parts may be those of `live` and `applied` */
export function mergeValues(type: ApplyType, live: JsonValue | undefined, applied: JsonValue): JsonValue {
  if (live === undefined || live === null) return applied;
  const [here, there] = [itemsOf(type, live), itemsOf(type, applied)];
  if (here === undefined || there === undefined) return equalJson(live, applied) ? live : applied;
  if (typeFor(type, live).kind !== typeFor(type, applied).kind) return applied;
  const merged = Array.isArray(applied) ? mergeLists(here, there) : mergeMaps(here, there);
  if (merged.length === here.length && merged.every(({ value }, index) => value === here[index]!.value))
    return live;
  if (Array.isArray(applied)) return merged.map(({ value }) => value);
  return Object.fromEntries(merged.map(({ element, value }) => [element.slice(2), value]));
}

function mergeMaps(live: readonly Item[], applied: readonly Item[]): Item[] {
  const rest = new Map(applied.map((item) => [item.element, item]));
  const merged = live.map((item) => {
    const theirs = rest.get(item.element);
    rest.delete(item.element);
    return theirs === undefined ? item : mergeItem(item, theirs);
  });
  return [...merged, ...rest.values()];
}

const mergeItem = (live: Item | undefined, applied: Item): Item => ({
  ...applied,
  value: mergeValues(applied.type, live?.value, applied.value),
});

/**
 * Items that both have keep the order in which they are applied; the others stay after the neighbours that they have.
 * Of an item that is there twice, the live ones are replaced by the one applied.
 */
function mergeLists(live: readonly Item[], applied: readonly Item[]): Item[] {
  const here = new Map<PathElement, Item>();
  for (const item of live) if (!here.has(item.element)) here.set(item.element, item);
  const there = new Set(applied.map(({ element }) => element));
  const shared = applied.filter(({ element }) => here.has(element)).map(({ element }) => element);
  const done = new Set<PathElement>();
  const merged: Item[] = [];
  let next = 0;
  const take = (item: Item) => {
    if (shared[next] === item.element) next++;
    done.add(item.element);
    merged.push(mergeItem(here.get(item.element), item));
  };
  let [l, r] = [0, 0];
  while (l < live.length || r < applied.length) {
    const mine = live[l];
    const theirs = applied[r];
    if (mine !== undefined && theirs !== undefined) {
      if (mine.element === theirs.element) {
        take(theirs);
        l++;
        r++;
        continue;
      }
      if (there.has(mine.element) && shared[next] !== undefined && shared[next] !== mine.element) {
        l++;
        continue;
      }
    }
    if (mine !== undefined && !there.has(mine.element)) {
      merged.push(mine);
      l++;
      continue;
    }
    if (mine !== undefined && done.has(mine.element)) l++;
    if (theirs !== undefined) {
      take(theirs);
      r++;
    }
  }
  return merged;
}
