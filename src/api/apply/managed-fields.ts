/** `metadata.managedFields` between its JSON and {@link Managers}. @see k8s.io/apimachinery/pkg/util/managedfields */
import type { ManagedFieldsEntry } from '../generated/meta-v1.ts';
import type { JsonValue } from '../json.ts';
import { EMPTY_SET, fieldSetOf, parseFieldsV1, toFieldsV1 } from './field-set.ts';
import { type FieldOwner, type ManagerIdentity, type Managers, managerId } from './managers.ts';
import { fieldElement } from './path-element.ts';

/** Updaters that are told apart; the oldest beyond them become one, "ancient-changes". @see DefaultMaxUpdateManagers */
const UPDATERS_MAX = 10;
const ANCIENT = 'ancient-changes';

/** What no manager owns: identity, and what only the server writes. @see stripMeta */
export const SERVER_FIELDS = fieldSetOf(
  [fieldElement('apiVersion')],
  [fieldElement('kind')],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => [fieldElement('metadata'), fieldElement(name)]),
);

/** @throws StatusError BadRequest for an entry whose fields are no set of fields */
export function parseManagedFields(entries: readonly ManagedFieldsEntry[] | undefined): Managers {
  const managers = new Map<string, FieldOwner>();
  for (const entry of entries ?? []) {
    const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsV1 } = entry;
    const identity: ManagerIdentity = {
      name: manager,
      operation: operation === 'Apply' ? 'Apply' : 'Update',
      apiVersion,
      subresource,
    };
    const fields = fieldsV1 === undefined ? EMPTY_SET : parseFieldsV1(fieldsV1 as JsonValue);
    const id = managerId(identity);
    const known = managers.get(id);
    const union = known === undefined ? fields : known.fields.union(fields);
    managers.set(id, { ...identity, ...(time === undefined ? {} : { time }), fields: union });
  }
  return managers;
}

/** Appliers first, then updaters, the oldest change first, as upstream orders them. */
export function toManagedFields(managers: Managers): ManagedFieldsEntry[] {
  return [...managers.values()].sort(compareManagers).map((manager) => ({
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === undefined ? {} : { time: manager.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(manager.fields) as NonNullable<ManagedFieldsEntry['fieldsV1']>,
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
  }));
}

function compareManagers(a: FieldOwner, b: FieldOwner): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time ?? '', b.time ?? '') ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Managers whose fields changed from `before` get the time; everybody else keeps theirs. */
export function withTime(before: Managers, after: Managers, time: string): Managers {
  const stamped = new Map<string, FieldOwner>();
  for (const [id, manager] of after) {
    const known = before.get(id);
    const timed = known?.fields.equals(manager.fields) ? known.time : time;
    stamped.set(id, timed === undefined ? manager : { ...manager, time: timed });
  }
  return stamped;
}

/** Joins the oldest updaters when there are too many, so that an object that many write does not grow without end. */
export function capUpdaters(managers: Managers): Managers {
  const updaters = [...managers.values()]
    .filter(({ operation }) => operation === 'Update')
    .sort(compareManagers);
  const surplus = updaters.length - UPDATERS_MAX;
  if (surplus <= 0) return managers;
  const next = new Map(managers);
  for (const oldest of updaters.slice(0, surplus + 1)) {
    next.delete(managerId(oldest));
    const ancient: FieldOwner = { ...oldest, name: ANCIENT };
    const id = managerId(ancient);
    const known = next.get(id);
    next.set(id, known === undefined ? ancient : { ...ancient, fields: known.fields.union(oldest.fields) });
  }
  return next;
}
