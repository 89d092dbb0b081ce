/**
 * Who owns which fields of an object: `metadata.managedFields` as values, and how writes move ownership.
 *
 * An *update* owns what it changed, and takes it from everybody. An *apply* owns what it names; what others own and it would
 * change is a conflict unless it is forced; what it named the last time and no longer names goes, unless somebody else owns
 * it.
 *
 * @see sigs.k8s.io/structured-merge-diff/merge/update.go
 */
import type { JsonValue } from '../json.ts';
import type { ApplyType } from './apply-type.ts';
import { EMPTY_SET, type FieldSet } from './field-set.ts';
import { mergeValues } from './merge-values.ts';
import { type Comparison, compareValues, removeFields, toFieldSet, withNamedFields } from './typed-value.ts';

/** One writer in one role: the same name may update and apply, in several versions, to several subresources. */
export interface FieldOwner {
  name: string;
  operation: 'Apply' | 'Update';
  /** Of the objects that it writes. */
  apiVersion: string;
  /** Empty: the object itself. */
  subresource: string;
  /** Of the last change of what it owns, RFC 3339. */
  time?: string;
  fields: FieldSet;
}

/** By {@link managerId}. Values are replaced, never changed. */
export type Managers = ReadonlyMap<string, FieldOwner>;

export type ManagerIdentity = Pick<FieldOwner, 'name' | 'operation' | 'apiVersion' | 'subresource'>;

/** An applier is the same whatever version it applies in, an updater is not. */
export function managerId({ name, operation, apiVersion, subresource }: ManagerIdentity): string {
  return operation === 'Apply'
    ? `Apply ${subresource} ${name}`
    : `Update ${subresource} ${apiVersion} ${name}`;
}

export interface FieldConflict {
  manager: FieldOwner;
  fields: FieldSet;
}

/**
 * Who owns what after `manager` has written `after` over `before` by an update.
 *
 * @param ignored  fields that are nobody's: metadata that the server writes, what the strategy resets
 */
export function updateManagers(
  type: ApplyType,
  { before, after }: { before: JsonValue; after: JsonValue },
  { managers, manager, ignored }: { managers: Managers; manager: ManagerIdentity; ignored: FieldSet },
): Managers {
  const compared = withoutIgnored(compareValues(type, before, after), ignored);
  const id = managerId(manager);
  const next = takeFromOthers(managers, id, compared);
  const own = managers.get(id)?.fields ?? EMPTY_SET;
  const fields = own.difference(compared.removed).union(compared.modified).union(compared.added);
  return withManager(next, { ...manager, fields });
}

export interface ApplyOutcome {
  /** The object after the apply; equal to the live one when nothing changes. */
  value: JsonValue;
  managers: Managers;
  /** Not empty: nothing may be written. */
  conflicts: readonly FieldConflict[];
}

/** @param live  `undefined`: the object is created by this apply */
export function applyConfiguration(
  type: ApplyType,
  { live, applied }: { live: JsonValue; applied: JsonValue },
  context: { managers: Managers; manager: ManagerIdentity; ignored: FieldSet; force: boolean },
): ApplyOutcome {
  const { managers, manager, ignored, force } = context;
  const id = managerId(manager);
  const last = managers.get(id)?.fields ?? EMPTY_SET;
  const fields = toFieldSet(type, applied).recursiveDifference(ignored);
  const owned = withManager(managers, { ...manager, fields });
  const merged = mergeValues(type, live, applied);
  const value = last.isWithin(fields) ? merged : prune(type, merged, { managers: owned, last });
  const compared = withoutIgnored(compareValues(type, live, value), ignored);
  const conflicts = force ? [] : conflictsOf(managers, id, compared);
  return { value, managers: takeFromOthers(owned, id, compared), conflicts };
}

/** `merged` without what was applied the last time, is not any more, and is owned by nobody else. */
function prune(
  type: ApplyType,
  merged: JsonValue,
  { managers, last }: { managers: Managers; last: FieldSet },
): JsonValue {
  const named = (set: FieldSet) => withNamedFields(type, set);
  const pruned = removeFields(type, merged, named(last)) ?? {};
  const mergedSet = named(toFieldSet(type, merged));
  let managed = EMPTY_SET;
  for (const { fields } of managers.values()) managed = managed.union(named(fields));
  const kept = named(toFieldSet(type, pruned)).union(managed);
  const restored = removeFields(type, merged, mergedSet.difference(kept)) ?? {};
  // What lies below something that was removed, and was not applied the last time, was never this manager's to remove.
  const gone = mergedSet.difference(named(toFieldSet(type, restored))).intersection(named(last));
  return removeFields(type, merged, gone) ?? {};
}

function conflictsOf(managers: Managers, own: string, { added, modified }: Comparison): FieldConflict[] {
  const changed = modified.union(added);
  const conflicts: FieldConflict[] = [];
  for (const [id, manager] of managers) {
    if (id === own) continue;
    const fields = manager.fields.intersection(changed);
    if (!fields.isEmpty) conflicts.push({ manager, fields });
  }
  return conflicts;
}

function takeFromOthers(managers: Managers, own: string, { added, modified, removed }: Comparison): Managers {
  const lost = modified.union(added).union(removed);
  if (lost.isEmpty) return managers;
  const next = new Map<string, FieldOwner>();
  for (const [id, manager] of managers) {
    const fields = id === own ? manager.fields : manager.fields.difference(lost);
    if (!fields.isEmpty || id === own)
      next.set(id, fields === manager.fields ? manager : { ...manager, fields });
  }
  return next;
}

/** Who owns nothing is not told of, except an applier: that it owns nothing is what it said. */
function withManager(managers: Managers, manager: ManagerIdentity & { fields: FieldSet }): Managers {
  const next = new Map(managers);
  const id = managerId(manager);
  const known = managers.get(id);
  if (manager.fields.isEmpty && manager.operation === 'Update') next.delete(id);
  else if (known?.fields.equals(manager.fields) && known.apiVersion === manager.apiVersion)
    next.set(id, known);
  else next.set(id, manager);
  return next;
}

function withoutIgnored({ added, modified, removed }: Comparison, ignored: FieldSet): Comparison {
  return {
    added: added.recursiveDifference(ignored),
    modified: modified.recursiveDifference(ignored),
    removed: removed.recursiveDifference(ignored),
  };
}
