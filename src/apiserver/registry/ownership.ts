/**
 * Whose fields are whose, on the way of a write: `metadata.managedFields` is kept from an object's first apply on. What was
 * written before has one owner, `before-first-apply`; objects that nobody applies carry none.
 *
 * @see k8s.io/apimachinery/pkg/util/managedfields/internal/skipnonapplied.go, lastapplied.go
 */
import { applyTypeOf } from '../../api/apply/apply-type.ts';
import { EMPTY_SET, type FieldSet, fieldSetOf } from '../../api/apply/field-set.ts';
import {
  capUpdaters,
  parseManagedFields,
  SERVER_FIELDS,
  toManagedFields,
  withTime,
} from '../../api/apply/managed-fields.ts';
import {
  applyConfiguration,
  type FieldConflict,
  type FieldOwner,
  type ManagerIdentity,
  type Managers,
  managerId,
  updateManagers,
} from '../../api/apply/managers.ts';
import { toFieldSet } from '../../api/apply/typed-value.ts';
import type { ManagedFieldsEntry } from '../../api/generated/meta-v1.ts';
import type { JsonObject, JsonValue } from '../../api/json.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { schemaForKind } from '../../api/schema.ts';
import { assert } from '../../base/assert.ts';
import { hasReason, StatusError } from '../../base/status-error.ts';
import type { ApiObject } from '../api-object.ts';
import { hasStatus } from './strategies.ts';

/** Who writes, in which version of the object. */
export interface Writer {
  manager: string;
  apiVersion: string;
}

const BEFORE_FIRST_APPLY = 'before-first-apply';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Of a frozen list: many writes look at the same one. */
const parsed = new WeakMap<readonly ManagedFieldsEntry[], Managers | 'unreadable'>();

/** Anybody may write managed fields: what cannot be read is as if it was not there. */
function managersOf(entries: readonly ManagedFieldsEntry[]): Managers | undefined {
  let managers = parsed.get(entries);
  if (managers === undefined) {
    managers = readManagers(entries);
    parsed.set(entries, managers);
  }
  return managers === 'unreadable' || managers.size === 0 ? undefined : managers;
}

function readManagers(entries: readonly ManagedFieldsEntry[]): Managers | 'unreadable' {
  try {
    return parseManagedFields(entries);
  } catch (error) {
    if (!hasReason(error, 'BadRequest')) throw error;
    return 'unreadable';
  }
}

export interface OwnedWrite {
  row: ResourceRow;
  subresource: string;
  writer: Writer;
  /** RFC 3339. */
  time: string;
}

/**
 * What an update leaves in `metadata.managedFields` of `object`, which has not got any yet.
 *
 * @param sent  what the client says of it: an empty entry gives all ownership up, other entries are believed if they can be
 *   read
 */
export function managedFieldsAfterUpdate(
  old: ApiObject,
  object: ApiObject,
  { sent, ...write }: OwnedWrite & { sent: readonly ManagedFieldsEntry[] | undefined },
): ManagedFieldsEntry[] | undefined {
  const isSent = sent !== undefined && sent.length > 0 && sent !== old.metadata.managedFields;
  if (isSent && sent.every((entry) => Object.keys(entry).length === 0)) return undefined;
  const entries = isSent && managersOf(sent) !== undefined ? sent : old.metadata.managedFields;
  const before = entries === undefined ? undefined : managersOf(entries);
  if (before === undefined) return undefined;
  const manager = identityOf(write, 'Update');
  const ignored = ignoredFields(write);
  const value = { before: old as unknown as JsonValue, after: object as unknown as JsonValue };
  const after = updateManagers(typeOf(write.row), value, { managers: before, manager, ignored });
  if (after === before) return entries as ManagedFieldsEntry[];
  return toManagedFields(capUpdaters(withTime(before, after, write.time)));
}

export interface AppliedObject {
  value: JsonObject;
  managedFields: ManagedFieldsEntry[];
}

/**
 * What `applied` makes of `live`, both in the version that the writer uses.
 *
 * @param live  absent: the object is created
 * @throws StatusError Conflict naming every owner whose fields would change, unless `force`
 */
export function applyToObject(
  live: ApiObject | undefined,
  applied: JsonObject,
  { force, ...write }: OwnedWrite & { force: boolean },
): AppliedObject {
  const type = typeOf(write.row);
  const before = live === undefined ? new Map() : ownersBefore(live, write.row);
  const manager = identityOf(write, 'Apply');
  const value = { live: (live ?? {}) as unknown as JsonValue, applied };
  const context = { managers: before, manager, ignored: ignoredFields(write) };
  let outcome = applyConfiguration(type, value, { ...context, force });
  if (outcome.conflicts.length > 0) {
    const conflicts = withoutLastApplied(outcome.conflicts, live, write);
    if (conflicts.length > 0) throw newApplyConflict(conflicts);
    outcome = applyConfiguration(type, value, { ...context, force: true });
  }
  return {
    value: outcome.value as JsonObject,
    managedFields: toManagedFields(capUpdaters(withTime(before, outcome.managers, write.time))),
  };
}

function ownersBefore(live: ApiObject, row: ResourceRow): Managers {
  const { managedFields } = live.metadata;
  const managers = managedFields === undefined ? undefined : managersOf(managedFields);
  if (managers !== undefined) return managers;
  const fields = toFieldSet(typeOf(row), live as unknown as JsonValue).recursiveDifference(SERVER_FIELDS);
  const first: ManagerIdentity = {
    name: BEFORE_FIRST_APPLY,
    operation: 'Update',
    apiVersion: live.apiVersion,
    subresource: '',
  };
  const { creationTimestamp } = live.metadata;
  const time = creationTimestamp === undefined ? {} : { time: creationTimestamp };
  return new Map([[managerId(first), { ...first, ...time, fields }]]);
}

/** What `kubectl apply` wrote before on the client's side is kubectl's own: it may take it over. */
function withoutLastApplied(
  conflicts: readonly FieldConflict[],
  live: ApiObject | undefined,
  { row, writer }: OwnedWrite,
): FieldConflict[] {
  const text = live?.metadata.annotations?.[LAST_APPLIED];
  if (writer.manager !== 'kubectl' || text === undefined) return [...conflicts];
  const own = toFieldSet(typeOf(row), parseLastApplied(text));
  return conflicts
    .map(({ manager, fields }) => ({ manager, fields: fields.difference(own) }))
    .filter(({ fields }) => !fields.isEmpty);
}

/** An annotation is any text: what is no object stands for nothing. */
function parseLastApplied(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return {};
  }
}

/** @see k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go */
function newApplyConflict(conflicts: readonly FieldConflict[]): StatusError {
  const found = conflicts.flatMap(({ manager, fields }) =>
    [...fields.paths()].map((field) => ({ owner: describeManager(manager), field })),
  );
  const causes = found.map(({ owner, field }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${owner}`,
    field,
  }));
  const text =
    found.length === 1
      ? `1 conflict: conflict with ${found[0]!.owner}: ${found[0]!.field}`
      : `${found.length} conflicts: ${byOwner(found)}`;
  return new StatusError('Conflict', `Apply failed with ${text}`, { details: { causes } });
}

function byOwner(found: readonly { owner: string; field: string }[]): string {
  const fields = Map.groupBy(found, ({ owner }) => owner);
  return [...fields.keys()]
    .sort()
    .flatMap((owner) => [`conflicts with ${owner}:`, ...fields.get(owner)!.map(({ field }) => `- ${field}`)])
    .join('\n');
}

function describeManager({ name, subresource, apiVersion, operation, time }: FieldOwner): string {
  const who =
    JSON.stringify(name) + (subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`);
  if (operation === 'Apply') return who;
  return `${who} using ${apiVersion}${time === undefined ? '' : ` at ${time}`}`;
}

function identityOf({ writer, subresource }: OwnedWrite, operation: 'Apply' | 'Update'): ManagerIdentity {
  return { name: writer.manager, operation, apiVersion: writer.apiVersion, subresource };
}

const STATUS = fieldSetOf(['f:status']);
const ALL_BUT_STATUS = fieldSetOf(['f:spec'], ['f:metadata']);

/** What this door does not let through is nobody's gain. */
function ignoredFields({ row, subresource }: OwnedWrite): FieldSet {
  if (subresource === 'status') return SERVER_FIELDS.union(ALL_BUT_STATUS);
  return SERVER_FIELDS.union(hasStatus(row) ? STATUS : EMPTY_SET);
}

function typeOf(gvk: ResourceRow) {
  if (gvk.custom !== undefined) return gvk.custom.applyType;
  const schema = schemaForKind(gvk);
  assert(schema !== undefined, `no schema for ${gvk.group}/${gvk.version} ${gvk.kind}`);
  return applyTypeOf(schema);
}
