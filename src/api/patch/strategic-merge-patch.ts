/**
 * Kubernetes' strategic merge patch: a merge patch whose lists merge by key where the schema says so, with the directives
 * `$patch`, `$retainKeys`, `$setElementOrder/…` and `$deleteFromPrimitiveList/…`. Never changes its inputs.
 *
 * @see k8s.io/apimachinery/pkg/util/strategicpatch/patch.go
 */
import { StatusError } from '../../base/status-error.ts';
import { canonicalJson, isJsonObject, type JsonValue } from '../json.ts';
import { orderElements } from './element-order.ts';
import { ownValue, setOwn } from './merge-patch.ts';

/** What the patch must know of a type: how each of its fields merges. */
export interface PatchSchema {
  /** `undefined` for a field that the type does not have: it then merges as plain JSON. */
  field(name: string): PatchField | undefined;
}

export interface PatchField {
  /** Of the object, or of a list's or map's elements; `undefined` for scalars and free-form values. */
  schema: PatchSchema | undefined;
  /** For lists: `merge` merges elements by key instead of replacing the list; `replace` on an object replaces it whole. */
  strategies: readonly string[];
  /** The field that identifies an element of a merging list of objects. */
  mergeKey: string | undefined;
}

type JsonMap = Record<string, JsonValue>;

const PATCH = '$patch';
const RETAIN_KEYS = '$retainKeys';
const SET_ORDER = '$setElementOrder/';
const DELETE_FROM_LIST = '$deleteFromPrimitiveList/';

/** @throws StatusError BadRequest for a directive that cannot be followed */
export function applyStrategicMergePatch(
  target: JsonMap,
  patch: JsonMap,
  schema: PatchSchema | undefined,
): JsonMap {
  return mergeMap(target, patch, schema);
}

function mergeMap(original: JsonMap, patch: JsonMap, schema: PatchSchema | undefined): JsonMap {
  const directive = ownValue(patch, PATCH);
  if (directive !== undefined) {
    const { [PATCH]: _, ...rest } = patch;
    if (directive === 'replace') return rest;
    if (directive === 'delete') return {};
    if (directive === 'merge') return mergeMap(original, rest, schema);
    throw bad(`unknown patch type: ${JSON.stringify(directive)}`);
  }
  const merged = retainKeys(original, patch);
  const ordered = mergeOrderedLists(merged, patch, schema);
  for (const [key, value] of Object.entries(patch)) {
    if (key === RETAIN_KEYS || key.startsWith(SET_ORDER) || ordered.has(key)) continue;
    if (key.startsWith(DELETE_FROM_LIST)) deletePrimitives(merged, key.slice(DELETE_FROM_LIST.length), value);
    else mergeField(merged, key, value, schema?.field(key));
  }
  return merged;
}

function mergeField(merged: JsonMap, key: string, value: JsonValue, field: PatchField | undefined): void {
  // Left out already, when `merged` was begun.
  if (value === null) return;
  const before = ownValue(merged, key);
  if (isJsonObject(value) && isJsonObject(before) && !field?.strategies.includes('replace')) {
    setOwn(merged, key, mergeMap(before, value, field?.schema));
  } else if (Array.isArray(value) && Array.isArray(before) && field?.strategies.includes('merge')) {
    setOwn(merged, key, mergeList(before, value, field));
  } else {
    setOwn(merged, key, withoutDirectives(value));
  }
}

/**
 * What of the original is merged with: all that the patch does not take away by `null`. It is left out of the copy instead of
 * deleted from it, for what properties were deleted from stays a table, several times as large.
 *
 * With `$retainKeys`, only the keys that it names survive from the original; the patch may set no others.
 */
function retainKeys(original: JsonMap, patch: JsonMap): JsonMap {
  const retain = ownValue(patch, RETAIN_KEYS);
  if (retain === undefined) return withoutNulled(original, patch);
  if (!Array.isArray(retain)) throw bad('invalid patch format of retainKeys: the value must be a list');
  const names = new Set(retain);
  for (const key of Object.keys(patch)) {
    if (key !== RETAIN_KEYS && !key.startsWith('$') && patch[key] !== null && !names.has(key)) {
      throw bad(`invalid patch format of retainKeys: "${key}" is not in the list`);
    }
  }
  return Object.fromEntries(
    Object.entries(original).filter(([key]) => names.has(key) && ownValue(patch, key) !== null),
  );
}

function withoutNulled(original: JsonMap, patch: JsonMap): JsonMap {
  const isTaken = (key: string) => ownValue(patch, key) === null;
  if (!Object.keys(original).some(isTaken)) return { ...original };
  return Object.fromEntries(Object.entries(original).filter(([key]) => !isTaken(key)));
}

/** Merges the lists that have a `$setElementOrder`; returns their names. */
function mergeOrderedLists(merged: JsonMap, patch: JsonMap, schema: PatchSchema | undefined): Set<string> {
  const done = new Set<string>();
  for (const [directive, order] of Object.entries(patch)) {
    if (!directive.startsWith(SET_ORDER)) continue;
    const key = directive.slice(SET_ORDER.length);
    if (!Array.isArray(order)) throw bad(`expected a list for ${directive}`);
    const field = schema?.field(key);
    const before = ownValue(merged, key);
    const changes = ownValue(patch, key);
    if (changes === null) continue;
    done.add(key);
    if (before === undefined && changes === undefined) continue;
    const current = Array.isArray(before) ? before : [];
    const list = mergeList(current, Array.isArray(changes) ? changes : [], field);
    setOwn(merged, key, orderElements(list, { order, current, mergeKey: field?.mergeKey }));
  }
  return done;
}

function mergeList(
  original: readonly JsonValue[],
  patch: readonly JsonValue[],
  field: PatchField | undefined,
): JsonValue[] {
  if (![...original, ...patch].some(isJsonObject)) return unique([...original, ...patch]);
  const mergeKey = field?.mergeKey;
  if (mergeKey === undefined) throw bad('cannot merge a list of objects without a merge key');
  const { replaced, deleted, changes } = takeListDirectives(patch, mergeKey);
  if (replaced) return changes.map(withoutDirectives);
  const merged = original.filter(
    (element) => deleted.size === 0 || !deleted.has(keyOfElement(element, mergeKey)),
  );
  if (changes.length > 0) mergeElements(merged, changes, { mergeKey, schema: field?.schema });
  // The list will be kept: a copy is as long as it is, while what grew has room to spare.
  return merged.slice();
}

function mergeElements(
  merged: JsonValue[],
  changes: readonly JsonValue[],
  { mergeKey, schema }: { mergeKey: string; schema: PatchSchema | undefined },
): void {
  const positions = new Map<string, number>();
  // Of elements with the same key the first is merged with.
  for (let i = merged.length - 1; i >= 0; i--) positions.set(keyOfElement(merged[i]!, mergeKey), i);
  for (const change of changes) {
    const key = keyOfElement(change, mergeKey);
    const index = positions.get(key);
    if (index === undefined) {
      positions.set(key, merged.length);
      merged.push(withoutDirectives(change));
    } else merged[index] = mergeMap(merged[index] as JsonMap, change as JsonMap, schema);
  }
}

/** Splits a list patch into plain elements, the keys of `$patch: delete` elements, and whether `$patch: replace` stands in it. */
function takeListDirectives(patch: readonly JsonValue[], mergeKey: string) {
  const changes: JsonValue[] = [];
  const deleted = new Set<string>();
  let replaced = false;
  for (const element of patch) {
    const directive = isJsonObject(element) ? ownValue(element, PATCH) : undefined;
    if (directive === undefined) changes.push(element);
    else if (directive === 'delete') deleted.add(keyOfElement(element, mergeKey));
    else if (directive === 'replace') replaced = true;
    else if (directive === 'merge') throw bad('merging lists with $patch: merge is not supported');
    else throw bad(`unknown patch type: ${JSON.stringify(directive)}`);
  }
  return { changes, deleted, replaced };
}

/** The value of the element's merge key, as text that is the same for the same value. */
function keyOfElement(element: JsonValue, mergeKey: string): string {
  const value = isJsonObject(element) ? ownValue(element, mergeKey) : undefined;
  if (value === undefined)
    throw bad(`map: ${JSON.stringify(element)} does not contain declared merge key: ${mergeKey}`);
  return canonicalJson(value);
}

function deletePrimitives(merged: JsonMap, key: string, values: JsonValue): void {
  const before = ownValue(merged, key);
  if (!Array.isArray(values)) throw bad(`expected a list for ${DELETE_FROM_LIST}${key}`);
  const deleted = new Set(values.map(canonicalJson));
  if (Array.isArray(before))
    setOwn(
      merged,
      key,
      before.filter((item) => !deleted.has(canonicalJson(item))),
    );
}

/** A new value as it is stored: without nulls in objects, and without directives, which have nothing to act on. */
function withoutDirectives(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    return value.filter((item) => !(isJsonObject(item) && Object.hasOwn(item, PATCH))).map(withoutDirectives);
  }
  if (!isJsonObject(value)) return value;
  const plain: JsonMap = {};
  for (const [key, item] of Object.entries(value)) {
    const isDirective =
      key === PATCH || key === RETAIN_KEYS || key.startsWith(SET_ORDER) || key.startsWith(DELETE_FROM_LIST);
    if (item !== null && !isDirective) setOwn(plain, key, withoutDirectives(item));
  }
  return plain;
}

function unique(values: JsonValue[]): JsonValue[] {
  const seen = new Set<JsonValue>();
  return values.filter((value) => !seen.has(value) && seen.add(value));
}

function bad(message: string): StatusError {
  return new StatusError('BadRequest', message);
}
