/**
 * Changing an object that exists: update, patch and every subresource that edits go through here. All of it happens inside
 * one transaction on the newest state, so nothing is ever retried.
 *
 *     produce (merge or replace) -> identity -> scope -> strategy -> mutate -> generation -> validate -> admit -> put | keep | delete
 *
 * @see k8s.io/apiserver/pkg/registry/generic/registry/store.go Update, pkg/registry/rest/update.go BeforeUpdate
 */

import { validateCustomUpdate } from '../../api/custom/validate-custom.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { ManagedFieldsEntry, ObjectMeta } from '../../api/generated/meta-v1.ts';
import { equalJson } from '../../api/json.ts';
import type { KubeObject } from '../../api/meta.ts';
import { validateEphemeralContainersUpdate } from '../../api/validation/ephemeral-containers.ts';
import { type FieldError, invalid, toInvalidError } from '../../api/validation/field-error.ts';
import { validateObjectMetaUpdate } from '../../api/validation/object-meta.ts';
import { validateCreate, validateStatus, validateUpdate } from '../../api/validation/validate.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { Change, StoredObject } from '../../store/store.ts';
import { type AdmissionRequest, admit, newAdmissionNotes } from '../admission/admission.ts';
import type { Reservation } from '../allocate/service-allocator.ts';
import { type ApiObject, objectOf, storable } from '../api-object.ts';
import { newBadRequest, newConflict, newNotFound } from '../errors.ts';
import { newAdmissionView } from './admission-view.ts';
import { managedFieldsAfterUpdate } from './ownership.ts';
import { quotaCharges } from './quota-charges.ts';
import { keyFor, type Registry, type Target, type WriteContext, type WriteOutcome } from './registry.ts';
import { strategyOf } from './strategies.ts';
import { applyScope, changesSpec, setOrDelete } from './update-scopes.ts';

export interface Edit {
  /** `''` for the object itself; else decides what of the result counts (see `update-scopes.ts`). */
  subresource: string;
  /**
   * The wanted object, decoded and defaulted, owned by the caller. `old` is frozen.
   * Its resourceVersion, when there is one, must be the current one.
   */
  produce(old: ApiObject): ApiObject;
  /** `produce` has decided on `metadata.managedFields` itself: an apply. */
  ownsFields?: boolean;
}

export const MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

/** @throws StatusError NotFound, Conflict, Invalid, and what admission and `edit` throw */
export async function updateObject(
  registry: Registry,
  target: Target,
  edit: Edit,
  write: WriteContext,
): Promise<WriteOutcome> {
  let object: ApiObject | undefined;
  let reservation: Reservation | undefined;
  let removed = false;
  const transaction = registry.store.transact(keyFor(target), (current, others) => {
    if (current === undefined) throw newNotFound(target.row, target.name);
    const old = objectOf(current);
    const request = prepareUpdate(registry, target, { edit, old, write });
    object = request.object!;
    const companions = quotaCharges(registry, request, others);
    reservation = edit.subresource === '' ? registry.services.reserve(target.row, object, old) : undefined;
    const change = decide(object, current, target);
    removed = 'delete' in change;
    if (write.dryRun) return { keep: true };
    return 'put' in change ? { ...change, companions } : change;
  });
  transaction.then(
    () => (write.dryRun ? reservation?.cancel() : reservation?.confirm()),
    () => reservation?.cancel(),
  );
  const result = await transaction;
  if (write.dryRun) return { object: object!, stored: undefined };
  const stored = result.object!;
  if (removed) registry.services.release(target.row, objectOf(stored));
  return { object: objectOf(stored), stored };
}

interface PendingEdit {
  edit: Edit;
  old: ApiObject;
  write: WriteContext;
}

function prepareUpdate(
  registry: Registry,
  target: Target,
  { edit, old, write }: PendingEdit,
): AdmissionRequest {
  const { row, namespace, name } = target;
  const produced = edit.produce(old);
  checkIdentity(target, produced, old);
  const sent = produced.metadata.managedFields;
  produced.metadata = updatedMetadata(produced.metadata, old.metadata);
  const object = applyScope(edit.subresource, produced, old, row);
  const strategy = strategyOf(row);
  if (edit.subresource === '') strategy.prepareUpdate?.(object, old);
  const { user, dryRun, notes = newAdmissionNotes() } = write;
  const about = { row, subresource: edit.subresource, namespace, name, user, dryRun, notes };
  const request: AdmissionRequest = { ...about, operation: 'UPDATE', object, old };
  const view = newAdmissionView(registry);
  admit(registry.admission.mutating, request, view);
  const managedFields = edit.ownsFields
    ? sent
    : managedFieldsAfter(registry, target, { edit, old, write }, { object, sent });
  setOrDelete(object.metadata, 'managedFields', managedFields);
  if (row.generation && edit.subresource !== 'status' && hasNewGeneration(object, old)) {
    object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
  const { errors, warnings } = validateUpdated(edit.subresource, { object, old }, row);
  for (const text of warnings) notes.warnings.add(text);
  if (errors.length > 0) throw toInvalidError(row, name, errors);
  admit(registry.admission.validating, request, view);
  return request;
}

function managedFieldsAfter(
  registry: Registry,
  { row }: Target,
  { edit, old, write }: PendingEdit,
  { object, sent }: { object: ApiObject; sent: ManagedFieldsEntry[] | undefined },
): ManagedFieldsEntry[] | undefined {
  const writer = write.writer ?? { manager: write.user.username, apiVersion: object.apiVersion };
  const time = toTimestamp(registry.clock.now());
  return managedFieldsAfterUpdate(old, object, { row, subresource: edit.subresource, writer, time, sent });
}

function validateUpdated(
  subresource: string,
  { object, old }: { object: ApiObject; old: ApiObject },
  row: Target['row'],
): { errors: FieldError[]; warnings: readonly string[] } {
  if (row.custom !== undefined) return validateCustomUpdate(object as KubeObject, old as KubeObject, row);
  return { errors: validateEdit(subresource, object as KubeObject, old as KubeObject), warnings: [] };
}

/** The rules of an update are about what its door lets through. */
function validateEdit(subresource: string, object: KubeObject, old: KubeObject): FieldError[] {
  if (subresource === '') return validateUpdate(object, old);
  const errors = validateObjectMetaUpdate(object.metadata, old.metadata);
  if (subresource === 'ephemeralcontainers')
    errors.push(...validateEphemeralContainersUpdate(object as Pod, old as Pod));
  if (subresource === 'status') return [...errors, ...validateStatus(object)];
  return changesSpec(subresource) ? [...errors, ...validateCreate(object)] : errors;
}

function checkIdentity({ row, namespace, name }: Target, object: ApiObject, old: ApiObject): void {
  const sent = object.metadata;
  if (sent.name && sent.name !== name) {
    throw newBadRequest(`the name of the object (${sent.name}) does not match the name on the URL (${name})`);
  }
  if (row.namespaced && sent.namespace && sent.namespace !== namespace) {
    throw newBadRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  if (sent.uid && sent.uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${sent.uid}, UID in object meta: ${old.metadata.uid}`;
    throw newConflict(row, name, why);
  }
  if (sent.resourceVersion) {
    if (sent.resourceVersion !== old.metadata.resourceVersion) throw newConflict(row, name, MODIFIED);
  } else if (strategyOf(row).conditionalUpdateOnly) {
    throw toInvalidError(row, name, [
      invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
}

/** What of an object's metadata its writers say; identity and the marks of deletion are the server's. */
const CLIENT_FIELDS = ['labels', 'annotations', 'ownerReferences', 'finalizers'] as const;

/** Shares with `old` what did not change. */
function updatedMetadata(sent: Partial<ObjectMeta>, old: Partial<ObjectMeta>): Partial<ObjectMeta> {
  const metadata = { ...old };
  for (const field of CLIENT_FIELDS) {
    if (!equalJson(sent[field], old[field])) setOrDelete(metadata, field, sent[field]);
  }
  return metadata;
}

function hasNewGeneration(object: ApiObject, old: ApiObject): boolean {
  const isSpecOf = (field: string) => field !== 'metadata' && field !== 'status';
  for (const field in object) if (isSpecOf(field) && !equalJson(object[field], old[field])) return true;
  for (const field in old) if (isSpecOf(field) && !(field in object)) return true;
  return false;
}

/** The last finalizer of an object that waits for nothing else takes the object with it. */
function decide(object: ApiObject, current: StoredObject, { row }: Target): Change {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  const isFree = (finalizers ?? []).length === 0 && !strategyOf(row).isHeld?.(object);
  if (deletionTimestamp !== undefined && !deletionGracePeriodSeconds && isFree) {
    return { delete: true, final: storable(object) };
  }
  return equalJson(object, current.value) ? { keep: true } : { put: storable(object) };
}
