/**
 * Changing an object that exists: update, patch and every subresource that edits go through here. All of it happens inside
 * one transaction on the newest state, so nothing is ever retried; but for what webhooks concern, see `deliberate.ts`.
 *
 *     produce (merge or replace) -> identity -> scope -> strategy -> mutate -> generation -> validate -> admit -> put | keep | delete
 *                                                  └- webhooks: scope again -┘                         └- webhooks
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
import { validatePodResize } from '../../api/validation/pod-resize.ts';
import {
  validateAlways,
  validateMetadata,
  validateSubresource,
  validateUpdate,
} from '../../api/validation/validate.ts';
import { warningsOnUpdate } from '../../api/warnings/warnings.ts';
import { assert } from '../../base/assert.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { Change, NewestObjects, StoredObject, TransactResult } from '../../store/store.ts';
import {
  type AdmissionRequest,
  type AdmissionView,
  admit,
  newAdmissionNotes,
} from '../admission/admission.ts';
import type { Reservation } from '../allocate/service-allocator.ts';
import { type ApiObject, copyJson, objectOf, storable } from '../api-object.ts';
import { MODIFIED, newBadRequest, newConflict, newNotFound, requireNamespace } from '../errors.ts';
import { newAdmissionView } from './admission-view.ts';
import { deliberate } from './deliberate.ts';
import { managedFieldsAfterUpdate } from './ownership.ts';
import { quotaCharges } from './quota-charges.ts';
import {
  askedVersion,
  keyFor,
  type Registry,
  type Target,
  type WriteContext,
  type WriteOutcome,
} from './registry.ts';
import { accompanied, addressChanges, addressPool } from './service-addresses.ts';
import { strategyOf } from './strategies.ts';
import { applyScope, changesSpec, setOrDelete } from './update-scopes.ts';

export interface Edit {
  /** `''` for the object itself; else decides what of the result counts (see `update-scopes.ts`). */
  subresource: string;
  /**
   * The wanted object, decoded and defaulted, owned by the caller. `old` is frozen.
   * Its resourceVersion, when there is one, must be the current one. Takes its time only where versions are converted
   * elsewhere. Asked again when `old` has changed meanwhile, and may give the same object then.
   */
  produce(old: ApiObject): ApiObject | Promise<ApiObject>;
  /** As which webhooks see the object, where it is not as itself. */
  shown?: ShownAs;
  /** `produce` has decided on `metadata.managedFields` itself: an apply. */
  ownsFields?: boolean;
}

/** A subresource with a kind of its own: a Scale. */
export interface ShownAs {
  subresource: string;
  show(object: ApiObject): ApiObject;
  /** `object` with what `shown` says of it. */
  take(object: ApiObject, shown: ApiObject): ApiObject;
}

/** @throws StatusError NotFound, Conflict, Invalid, and what admission and `edit` throw */
export async function updateObject(
  registry: Registry,
  target: Target,
  edit: Edit,
  write: WriteContext,
): Promise<WriteOutcome> {
  const view = newAdmissionView(registry);
  const commit = new UpdateCommit(registry, target, edit, write);
  const oldOf = (current: StoredObject | undefined): ApiObject => {
    if (current === undefined) throw newNotFound(target.row, target.name);
    return objectOf(current);
  };
  const pendingOn = (old: ApiObject, produced: ApiObject) =>
    new PendingUpdate(registry, target, { edit, old, produced, write }, view);
  const { subresource } = edit.shown ?? edit;
  const probe = { ...requestOf(target, edit, write), subresource, operation: 'UPDATE' } as const;
  const isConverted = target.row.custom?.conversion !== undefined;
  const transaction =
    isConverted || registry.admission.webhooks.concern(probe, view)
      ? deliberate(registry, target, async (current) => {
          const old = isConverted ? await inStoredVersion(registry, target, oldOf(current)) : oldOf(current);
          const produced = copyJson(await edit.produce(old));
          const request = await pendingOn(old, produced).deliberate();
          return (others) => commit.change(request, current!, others);
        })
      : registry.store.transact(keyFor(target), (current, others) => {
          const old = oldOf(current);
          const produced = edit.produce(old);
          assert(!(produced instanceof Promise), 'only conversions elsewhere take their time');
          return commit.change(pendingOn(old, produced).decide(), current!, others);
        });
  return commit.settle(transaction);
}

/** It may have been written when another version was the stored one. */
async function inStoredVersion(registry: Registry, { row }: Target, old: ApiObject): Promise<ApiObject> {
  const [converted] = await registry.conversions.ofStored(row, [old]);
  return converted!;
}

/** From the object that an update makes to what the store holds. */
class UpdateCommit {
  readonly #registry: Registry;
  readonly #target: Target;
  readonly #edit: Edit;
  readonly #write: WriteContext;
  #object: ApiObject | undefined;
  #reservation: Reservation | undefined;
  #isRemoved = false;

  constructor(registry: Registry, target: Target, edit: Edit, write: WriteContext) {
    this.#registry = registry;
    this.#target = target;
    this.#edit = edit;
    this.#write = write;
  }

  /** Inside the transaction. */
  change(request: UpdateRequest, current: StoredObject, others: NewestObjects): Change {
    const { services } = this.#registry;
    const { object } = request;
    const isWhole = this.#edit.subresource === '';
    this.#object = object;
    const { row } = this.#target;
    const before = objectOf(current);
    const charges = quotaCharges(this.#registry, request, others);
    const pool = () => addressPool(this.#registry, others);
    this.#reservation = isWhole ? services.reserve(row, object, before, pool) : undefined;
    const change = decide(object, current, this.#target);
    this.#isRemoved = 'delete' in change;
    if (this.#write.dryRun) return { keep: true };
    const after = this.#isRemoved ? undefined : object;
    const addresses = addressChanges(this.#registry, { row, before, after }, others);
    return accompanied(change, this.#isRemoved ? addresses : [...charges, ...addresses]);
  }

  async settle(transaction: Promise<TransactResult>): Promise<WriteOutcome> {
    const { dryRun } = this.#write;
    transaction.then(
      () => (dryRun ? this.#reservation?.cancel() : this.#reservation?.confirm()),
      () => this.#reservation?.cancel(),
    );
    const result = await transaction;
    if (dryRun) return { object: this.#object!, stored: undefined };
    const stored = result.object!;
    if (this.#isRemoved) this.#registry.services.release(this.#target.row, objectOf(stored));
    return { object: objectOf(stored), stored };
  }
}

interface Pending {
  edit: Edit;
  old: ApiObject;
  produced: ApiObject;
  write: WriteContext;
}

type UpdateRequest = AdmissionRequest & { object: ApiObject };

function requestOf({ row, namespace, name }: Target, { subresource }: Edit, write: WriteContext) {
  const { user, dryRun, notes = newAdmissionNotes(), asked } = write;
  const about = { row, subresource, namespace, name, user, dryRun, notes };
  return asked === undefined ? about : { ...about, asked };
}

/** What an update makes of `old`, on its way through admission and validation. */
class PendingUpdate {
  readonly #registry: Registry;
  readonly #target: Target;
  readonly #pending: Pending;
  readonly #view: AdmissionView;
  readonly #request: UpdateRequest;
  readonly #sent: ManagedFieldsEntry[] | undefined;

  constructor(registry: Registry, target: Target, pending: Pending, view: AdmissionView) {
    const { edit, old, produced, write } = pending;
    this.#registry = registry;
    this.#target = target;
    this.#pending = pending;
    this.#view = view;
    checkIdentity(target, produced, old);
    this.#sent = produced.metadata.managedFields;
    const object = this.#shape(produced);
    this.#request = { ...requestOf(target, edit, write), operation: 'UPDATE', object, old };
    admit(registry.admission.mutating, this.#request, view);
  }

  /** At once. */
  decide(): UpdateRequest {
    this.#validate();
    return this.#request;
  }

  /** With the webhooks' say. */
  async deliberate(): Promise<UpdateRequest> {
    const { webhooks, mutating } = this.#registry.admission;
    const { shown } = this.#pending.edit;
    const again = () => admit(mutating, { ...this.#request, isReinvocation: true }, this.#view);
    const asked = this.#shownRequest();
    await webhooks.mutate(asked, this.#view, shown === undefined ? again : () => undefined);
    const object = shown?.take(this.#request.object, asked.object) ?? this.#request.object;
    this.#request.object = this.#shape(object);
    this.#validate();
    await webhooks.validate(this.#shownRequest(), this.#view);
    return this.#request;
  }

  #shownRequest(): UpdateRequest {
    const { shown } = this.#pending.edit;
    if (shown === undefined) return this.#request;
    const object = shown.show(this.#request.object);
    const old = shown.show(this.#pending.old);
    return { ...this.#request, subresource: shown.subresource, object, old };
  }

  /** `object` with what this door lets through of it, and the server's own fields. */
  #shape(object: ApiObject): ApiObject {
    const { edit, old } = this.#pending;
    const { row } = this.#target;
    object.metadata = updatedMetadata(object.metadata, old.metadata);
    const shaped = applyScope(edit.subresource, object, old, row);
    const strategy = strategyOf(row);
    const prepare = edit.subresource === '' ? strategy.prepareUpdate : strategy.prepareSubresource;
    prepare?.(shaped, old, toTimestamp(this.#registry.clock.now()));
    return shaped;
  }

  #validate(): void {
    const { edit, old } = this.#pending;
    const { row, name } = this.#target;
    const { object, notes } = this.#request;
    const managedFields = edit.ownsFields
      ? this.#sent
      : managedFieldsAfter(this.#registry, this.#target, this.#pending, { object, sent: this.#sent });
    setOrDelete(object.metadata, 'managedFields', managedFields);
    if (row.generation && !KEEPS_GENERATION.has(edit.subresource) && hasNewGeneration(object, old)) {
      object.metadata.generation = (old.metadata.generation ?? 0) + 1;
    }
    const { errors, warnings } = validateUpdated(this.#pending, object, row);
    for (const text of warnings) notes.warnings.add(text);
    if (errors.length > 0) throw toInvalidError(row, name, errors);
    admit(this.#registry.admission.validating, this.#request, this.#view);
  }
}

/** Where a Pod runs is nothing that its kubelet has to observe. */
const KEEPS_GENERATION = new Set(['status', 'binding']);

function managedFieldsAfter(
  registry: Registry,
  { row }: Target,
  { edit, old, write }: Omit<Pending, 'produced'>,
  { object, sent }: { object: ApiObject; sent: ManagedFieldsEntry[] | undefined },
): ManagedFieldsEntry[] | undefined {
  const writer = write.writer ?? { manager: write.user.username, apiVersion: object.apiVersion };
  const time = toTimestamp(registry.clock.now());
  return managedFieldsAfterUpdate(old, object, { row, subresource: edit.subresource, writer, time, sent });
}

function validateUpdated(
  { edit: { subresource }, old, write }: Pending,
  object: ApiObject,
  row: Target['row'],
): { errors: FieldError[]; warnings: readonly string[] } {
  const [now, before] = [object as KubeObject, old as KubeObject];
  if (row.custom !== undefined) return validateCustomUpdate(now, before, row);
  if (subresource !== '') return { errors: validateEdit(subresource, now, before), warnings: [] };
  const errors = validateUpdate(now, before, askedVersion(write));
  return { errors, warnings: errors.length > 0 ? [] : warningsOnUpdate(now, before) };
}

/** The rules of an update through a subresource are about what that door lets through. */
function validateEdit(subresource: string, object: KubeObject, old: KubeObject): FieldError[] {
  const errors = validateObjectMetaUpdate(object.metadata, old.metadata);
  if (subresource === 'ephemeralcontainers')
    errors.push(...validateEphemeralContainersUpdate(object as Pod, old as Pod));
  if (subresource === 'resize') errors.push(...validatePodResize(object as Pod, old as Pod));
  errors.push(...validateSubresource(subresource, object, old));
  return [...errors, ...(changesSpec(subresource) ? validateAlways(object) : validateMetadata(object))];
}

function checkIdentity({ row, namespace, name }: Target, object: ApiObject, old: ApiObject): void {
  const sent = object.metadata;
  if (sent.name && sent.name !== name) {
    throw newBadRequest(`the name of the object (${sent.name}) does not match the name on the URL (${name})`);
  }
  if (row.namespaced) requireNamespace(sent.namespace, namespace);
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
