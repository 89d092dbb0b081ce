/** Deletion of one object and of a collection. What a delete does is decided in `deletion-plan.ts`. */
import type { DeleteOptions } from '../../api/generated/meta-v1.ts';
import type { JsonObject } from '../../api/json.ts';
import { hasReason } from '../../base/status-error.ts';
import type { Change, NewestObjects, StoredObject } from '../../store/store.ts';
import {
  type AdmissionRequest,
  type AdmissionView,
  admit,
  newAdmissionNotes,
} from '../admission/admission.ts';
import { type ApiObject, objectOf } from '../api-object.ts';
import { newConflict, newNotFound } from '../errors.ts';
import { newAdmissionView } from './admission-view.ts';
import { changeOf, type DeletionPlan, planDeletion } from './deletion-plan.ts';
import { deliberate } from './deliberate.ts';
import { keyFor, type Registry, type Target, type WriteContext } from './registry.ts';
import { accompanied, addressChanges } from './service-addresses.ts';
import { strategyOf } from './strategies.ts';

export interface DeleteOutcome {
  /** The last state, or the state in which the object waits to go. */
  object: ApiObject;
  removed: boolean;
}

/** A last change to an object that is about to be deleted, in the same transaction: a condition that says why. */
export type LastWords = (object: ApiObject) => ApiObject;

export interface DeleteRequest extends WriteContext {
  options: DeleteOptions;
  lastWords?: LastWords;
}

/** @throws StatusError NotFound; Conflict for a failed precondition; Forbidden by admission */
export async function deleteObject(
  registry: Registry,
  target: Target,
  request: DeleteRequest,
): Promise<DeleteOutcome> {
  const { row, name } = target;
  const { dryRun } = request;
  const deletion = deletionRequest(target, request);
  const view = newAdmissionView(registry);
  admit(registry.admission.mutating, deletion, view);
  let plan: DeletionPlan | undefined;
  const judge = (current: StoredObject | undefined): ApiObject => {
    if (current === undefined) throw newNotFound(row, name);
    const old = objectOf(current);
    checkPreconditions(target, old, request.options);
    admit(registry.admission.validating, { ...deletion, old }, view);
    return old;
  };
  const change = (old: ApiObject, others: NewestObjects): Change => {
    plan = planOf(registry, target, request, old);
    if (dryRun) return { keep: true };
    const after = plan.kind === 'remove' ? undefined : old;
    return accompanied(changeOf(plan), addressChanges(registry, { row, before: old, after }, others));
  };
  const { object: after } = await (registry.admission.webhooks.concern(deletion, view)
    ? deliberate(registry, target, async (current) => {
        const old = judge(current);
        await askWebhooks(registry, { ...deletion, old }, view);
        return (others) => change(old, others);
      })
    : registry.store.transact(keyFor(target), (current, others) => change(judge(current), others)));
  const removed = plan!.kind === 'remove';
  if (removed && !dryRun) registry.services.release(row, objectOf(after!));
  return { object: dryRun ? plannedObject(plan!, objectOf(after!)) : objectOf(after!), removed };
}

function deletionRequest(
  { row, namespace, name }: Target,
  { user, dryRun, options, notes = newAdmissionNotes(), asked }: DeleteRequest,
): AdmissionRequest {
  const about = { row, subresource: '', namespace, name, user, dryRun, notes };
  if (asked === undefined) return { ...about, operation: 'DELETE' };
  const dry = dryRun ? { dryRun: ['All'] } : {};
  const toldOptions = () =>
    ({ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1', ...options, ...dry }) as unknown as JsonObject;
  return { ...about, operation: 'DELETE', asked: { ...asked, options: toldOptions } };
}

async function askWebhooks(
  { admission }: Registry,
  deletion: AdmissionRequest,
  view: AdmissionView,
): Promise<void> {
  // There is no object that steps could be asked about again.
  await admission.webhooks.mutate(deletion, view, () => undefined);
  await admission.webhooks.validate(deletion, view);
}

function planOf(
  { clock }: Registry,
  { row }: Target,
  { lastWords, options }: DeleteRequest,
  old: ApiObject,
): DeletionPlan {
  return planDeletion(strategyOf(row), lastWords?.(old) ?? old, options, clock.now());
}

function plannedObject(plan: DeletionPlan, current: ApiObject): ApiObject {
  if (plan.kind === 'pending') return current;
  return plan.kind === 'mark' ? plan.object : plan.final;
}

function checkPreconditions(
  { row, name }: Target,
  { metadata }: ApiObject,
  { preconditions }: DeleteOptions,
): void {
  if (preconditions?.uid !== undefined && preconditions.uid !== metadata.uid) {
    const why = `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
    throw newConflict(row, name, why);
  }
  const { resourceVersion } = preconditions ?? {};
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
    throw newConflict(row, name, why);
  }
}

/** How many deletions of a collection may be under way; a group commit takes them together. */
const CONCURRENT_DELETIONS = 64;

/** Deletes each of `objects`; one that has gone meanwhile is as good as deleted. */
export async function deleteAll(
  registry: Registry,
  target: Target,
  objects: readonly ApiObject[],
  request: DeleteRequest,
): Promise<void> {
  for (let start = 0; start < objects.length; start += CONCURRENT_DELETIONS) {
    const batch = objects.slice(start, start + CONCURRENT_DELETIONS);
    await Promise.all(batch.map((object) => deleteIfPresent(registry, targetOf(target, object), request)));
  }
}

function targetOf({ row }: Target, { metadata }: ApiObject): Target {
  return { row, namespace: metadata.namespace ?? '', name: metadata.name! };
}

async function deleteIfPresent(registry: Registry, target: Target, request: DeleteRequest): Promise<void> {
  await deleteObject(registry, target, request).catch((error: unknown) => {
    if (!hasReason(error, 'NotFound')) throw error;
  });
}
