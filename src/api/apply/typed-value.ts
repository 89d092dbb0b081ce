/**
 * Values seen by their type: which paths a value holds, what differs between two, what remains when paths are taken away.
 *
 * @see sigs.k8s.io/structured-merge-diff/typed: tofieldset.go, compare.go, remove.go
 */
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../json.ts';
import { type ApplyType, type ListApplyType, typeFor } from './apply-type.ts';
import { EMPTY_SET, FieldSet, FieldSetBuilder } from './field-set.ts';
import { fieldElement, keyElement, type PathElement, valueElement } from './path-element.ts';

/** A value of a list or a map with the step that leads to it. */
export interface Item {
  element: PathElement;
  value: JsonValue;
  type: ApplyType;
  /** A struct's own field: its path is in a set only when nothing is below it. */
  isNamed: boolean;
}

/** The items that owners can share; `undefined` when the value is one to its owner: a scalar, or atomic. */
export function itemsOf(type: ApplyType, value: JsonValue): Item[] | undefined {
  const seen = typeFor(type, value);
  if (seen.kind === 'scalar') return undefined;
  if (seen.kind === 'list') {
    if (seen.listType === 'atomic') return undefined;
    return (value as JsonValue[]).map((item) => ({
      element: elementOf(seen, item),
      value: item,
      type: seen.item,
      isNamed: false,
    }));
  }
  if (seen.atomic) return undefined;
  return Object.entries(value as JsonObject).map(([name, child]) => {
    const named = seen.named(name);
    return {
      element: fieldElement(name),
      value: child,
      type: named ?? seen.other,
      isNamed: named !== undefined,
    };
  });
}

/** What tells `item` apart in its list. A key that is absent and has no default is left out. */
export function elementOf(type: ListApplyType, item: JsonValue): PathElement {
  if (type.listType === 'set' || !isJsonObject(item)) return valueElement(item);
  const keys: JsonObject = {};
  for (const { name, default: fallback } of type.keys) {
    const value = item[name] ?? fallback;
    if (value !== undefined) keys[name] = value;
  }
  return keyElement(keys);
}

/** Every path that `value` holds. */
export function toFieldSet(type: ApplyType, value: JsonValue): FieldSet {
  const builder = new FieldSetBuilder();
  collect(itemsOf(type, value) ?? [], builder);
  return builder.build();
}

function collect(items: readonly Item[], builder: FieldSetBuilder): void {
  for (const { element, value, type, isNamed } of items) {
    const below = value === null ? undefined : itemsOf(type, value);
    if (below === undefined || !isNamed || (isJsonObject(value) && below.length === 0)) builder.add(element);
    if (below !== undefined && below.length > 0) collect(below, builder.below(element));
  }
}

export interface Comparison {
  added: FieldSet;
  removed: FieldSet;
  /** Held by both, with different values. */
  modified: FieldSet;
}

/** What of `before` is not the same in `after`. */
export function compareValues(type: ApplyType, before: JsonValue, after: JsonValue): Comparison {
  if (before === after) return { added: EMPTY_SET, removed: EMPTY_SET, modified: EMPTY_SET };
  const builders = {
    added: new FieldSetBuilder(),
    removed: new FieldSetBuilder(),
    modified: new FieldSetBuilder(),
  };
  compareItems(itemsOf(type, before) ?? [], itemsOf(type, after) ?? [], builders);
  const { added, removed, modified } = builders;
  return { added: added.build(), removed: removed.build(), modified: modified.build() };
}

interface ComparisonBuilders {
  added: FieldSetBuilder;
  removed: FieldSetBuilder;
  modified: FieldSetBuilder;
}

function compareItems(before: readonly Item[], after: readonly Item[], builders: ComparisonBuilders): void {
  const old = new Map(before.map((item) => [item.element, item]));
  for (const item of after) {
    const previous = old.get(item.element);
    old.delete(item.element);
    if (previous === undefined) collect([item], builders.added);
    else if (previous.value !== item.value) compareItem(previous, item, builders);
  }
  collect([...old.values()], builders.removed);
}

function compareItem(before: Item, after: Item, { added, removed, modified }: ComparisonBuilders): void {
  const { element } = after;
  const [inner, outer] = [itemsOf(before.type, before.value), itemsOf(after.type, after.value)];
  if (inner === undefined || outer === undefined) {
    if (!equalJson(before.value, after.value)) modified.add(element);
    return;
  }
  if (after.isNamed && isJsonObject(after.value) && (inner.length === 0) !== (outer.length === 0)) {
    // A struct is a path of its own only while it is empty.
    (inner.length === 0 ? removed : added).add(element);
  }
  compareItems(inner, outer, {
    added: added.below(element),
    removed: removed.below(element),
    modified: modified.below(element),
  });
}

/** `value` without the paths of `set`; what is left empty by that is gone too. `undefined` when nothing is left. */
export function removeFields(type: ApplyType, value: JsonValue, set: FieldSet): JsonValue | undefined {
  const items = itemsOf(type, value);
  if (items === undefined || items.length === 0 || set.isEmpty) return value;
  const rest: Item[] = [];
  for (const item of items) {
    if (set.members.has(item.element)) continue;
    const below = set.below(item.element);
    const left = below.isEmpty ? item.value : removeFields(item.type, item.value, below);
    if (left !== undefined) rest.push({ ...item, value: left });
  }
  if (rest.length === 0) return undefined;
  if (Array.isArray(value)) return rest.map((item) => item.value);
  return Object.fromEntries(rest.map((item) => [item.element.slice(2), item.value]));
}

/** `set` with each named field that has paths below it as a member too, so that a struct goes with the last of its fields. */
export function withNamedFields(type: ApplyType, set: FieldSet): FieldSet {
  if (set.isEmpty) return EMPTY_SET;
  const members = new Set(set.members);
  const children = new Map<PathElement, FieldSet>();
  for (const [element, child] of set.children) {
    const below = typeBelow(type, element);
    if (below.isNamed) members.add(element);
    children.set(element, withNamedFields(below.type, child));
  }
  return new FieldSet(members, children);
}

function typeBelow(type: ApplyType, element: PathElement): { type: ApplyType; isNamed: boolean } {
  if (type.kind === 'list') return { type: type.item, isNamed: false };
  if (type.kind !== 'map' || !element.startsWith('f:')) return { type: { kind: 'deduced' }, isNamed: false };
  const named = type.named(element.slice(2));
  return { type: named ?? type.other, isNamed: named !== undefined };
}
