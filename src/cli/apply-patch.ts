/**
 * Decides what `apply` sends: the strategic merge patch that takes the live object to the manifest, and removes what the
 * last applied manifest had and this one does not. What others set (defaults, controllers, `kubectl scale`) stays.
 *
 * Pure. For kinds without a schema it is a JSON merge patch: the same without list keys.
 *
 * @see k8s.io/apimachinery/pkg/util/strategicpatch CreateThreeWayMergePatch; differs: values that `current` has already are
 *   left out at every depth, and element orders are sent only with a list that changes.
 */
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from '../api/json.ts';
import type { Field, Schema } from '../api/schema.ts';

/** The annotation in which client-side apply keeps the last manifest, as JSON. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export interface Versions {
  /** The last applied manifest; absent for an object that was not made by apply. */
  original: JsonObject | undefined;
  modified: JsonObject;
  current: JsonObject;
}

/** An empty patch means that there is nothing to change. */
export function planApplyPatch(versions: Versions, schema: Schema | undefined): JsonObject {
  return diffObjects(versions, schema, false);
}

function diffObjects(
  { original = {}, modified, current }: Versions,
  schema: Schema | undefined,
  retainKeys: boolean,
): JsonObject {
  const patch: JsonObject = {};
  for (const [key, wanted] of Object.entries(modified)) {
    const field = schema?.fields.get(key);
    Object.assign(
      patch,
      diffField(key, field, { original: original[key], modified: wanted, current: current[key] }),
    );
  }
  for (const key of Object.keys(original)) {
    if (!(key in modified) && key in current) patch[key] = null;
  }
  // Of a union such as `strategy`, the keys that are not named go with any change, whoever set them.
  if (retainKeys && Object.keys(patch).length > 0) {
    patch['$retainKeys'] = Object.keys(modified).sort();
  }
  return patch;
}

interface FieldVersions {
  original: JsonValue | undefined;
  modified: JsonValue;
  current: JsonValue | undefined;
}

/** The entries of the patch for one field; none when it is as wanted. */
function diffField(key: string, field: Field | undefined, versions: FieldVersions): JsonObject {
  const { original, modified, current } = versions;
  if (isJsonObject(modified) && isJsonObject(current)) {
    const schema = field?.shape === 'one' ? field.schema : undefined;
    const objects = { original: isJsonObject(original) ? original : undefined, modified, current };
    const patch = diffObjects(objects, schema, hasStrategy(field, 'retainKeys'));
    return Object.keys(patch).length === 0 ? {} : { [key]: patch };
  }
  if (
    Array.isArray(modified) &&
    Array.isArray(current) &&
    field !== undefined &&
    hasStrategy(field, 'merge')
  ) {
    const lists = { original: Array.isArray(original) ? original : [], modified, current };
    return field.patchMergeKey === undefined
      ? diffPrimitives(key, lists)
      : diffElements(key, field, field.patchMergeKey, lists);
  }
  return equalJson(modified, current) ? {} : { [key]: modified };
}

interface ListVersions {
  original: JsonValue[];
  modified: JsonValue[];
  current: JsonValue[];
}

/** A list of objects that are told apart by `mergeKey`. */
function diffElements(
  key: string,
  field: Field,
  mergeKey: string,
  { original, modified, current }: ListVersions,
): JsonObject {
  const byKey = (list: JsonValue[]) =>
    new Map(list.filter(isJsonObject).map((element) => [JSON.stringify(element[mergeKey]), element]));
  const [before, wanted, live] = [byKey(original), byKey(modified), byKey(current)];
  const changes: JsonObject[] = [];
  for (const [id, element] of wanted) {
    const present = live.get(id);
    if (present === undefined) {
      changes.push(element);
      continue;
    }
    const versions = { original: before.get(id), modified: element, current: present };
    const change = diffObjects(versions, field.schema, hasStrategy(field, 'retainKeys'));
    if (Object.keys(change).length > 0) changes.push({ ...change, [mergeKey]: element[mergeKey] ?? null });
  }
  for (const [id, element] of before) {
    if (!wanted.has(id) && live.has(id))
      changes.push({ $patch: 'delete', [mergeKey]: element[mergeKey] ?? null });
  }
  if (changes.length === 0) return {};
  const order = [...wanted.values()].map((element) => ({ [mergeKey]: element[mergeKey] ?? null }));
  return { [`$setElementOrder/${key}`]: order, [key]: changes };
}

/** A list of scalars that is a set, such as finalizers. */
function diffPrimitives(key: string, { original, modified, current }: ListVersions): JsonObject {
  const added = modified.filter((value) => !current.includes(value));
  const removed = original.filter((value) => !modified.includes(value) && current.includes(value));
  return {
    ...(added.length === 0 ? {} : { [key]: added }),
    ...(removed.length === 0 ? {} : { [`$deleteFromPrimitiveList/${key}`]: removed }),
  };
}

function hasStrategy(field: Field | undefined, strategy: 'merge' | 'retainKeys'): boolean {
  return field?.patchStrategy?.split(',').includes(strategy) ?? false;
}
