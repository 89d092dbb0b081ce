/**
 * Creation: name, identity, mutation, validation, admission (webhooks last in both), then one transaction that finds the key
 * free.
 *
 * @see k8s.io/apiserver/pkg/registry/generic/registry/store.go Create, pkg/registry/rest/create.go BeforeCreate
 */

import { validateCustom } from '../../api/custom/validate-custom.ts';
import type { ObjectMeta } from '../../api/generated/meta-v1.ts';
import type { UserInfo } from '../../api/message.ts';
import type { KubeObject } from '../../api/meta.ts';
import { SERVICES } from '../../api/resources.ts';
import { toInvalidError } from '../../api/validation/field-error.ts';
import { validateCreate } from '../../api/validation/validate.ts';
import { warningsOnCreate } from '../../api/warnings/warnings.ts';
import { toTimestamp } from '../../base/clock.ts';
import { randomSuffix, randomUid } from '../../base/random.ts';
import { hasReason, StatusError } from '../../base/status-error.ts';
import {
  type AdmissionRequest,
  type AdmissionView,
  admit,
  NotYetAdmissibleError,
  newAdmissionNotes,
} from '../admission/admission.ts';
import type { Reservation } from '../allocate/service-allocator.ts';
import { type ApiObject, storable } from '../api-object.ts';
import { newAlreadyExists, newBadRequest, requireNamespace } from '../errors.ts';
import { newAdmissionView } from './admission-view.ts';
import { quotaCharges } from './quota-charges.ts';
import {
  askedVersion,
  keyFor,
  type Registry,
  type Target,
  type WriteContext,
  type WriteOutcome,
} from './registry.ts';
import { addressChanges, addressPool } from './service-addresses.ts';
import { hasStatus, strategyOf } from './strategies.ts';

/** @see apiserver/pkg/storage/names/generate.go */
const NAME_MAX = 63;
const SUFFIX_LENGTH = 5;
/** @see apiserver/pkg/registry/rest maxNameGenerationCreateAttempts */
const GENERATE_ATTEMPTS = 8;

/** What is not there yet is waited for this long. @see serviceaccount admission, getServiceAccount */
const ADMISSION_ATTEMPTS = 10;
const ADMISSION_RETRY_MS = 100;

/**
 * Creates `object`, which is decoded, defaulted and owned by the caller, in `target`'s collection.
 *
 * @throws StatusError AlreadyExists, Invalid, Forbidden, BadRequest, and NotFound for a missing namespace
 */
export async function createObject(
  registry: Registry,
  target: Target,
  object: ApiObject,
  write: WriteContext,
): Promise<WriteOutcome> {
  const { row } = target;
  if (row.custom?.isTerminating) {
    throw newTerminating(row);
  }
  const { generateName } = object.metadata;
  const isGenerated = !object.metadata.name && generateName !== undefined && generateName !== '';
  object.metadata = newMetadata(registry, target, object);
  if (isGenerated) object.metadata.name = generatedName(registry, generateName);
  const request = creationRequest(target, object, write);
  const view = newAdmissionView(registry);
  const isForWebhooks = registry.admission.webhooks.concern(request, view);
  await mutateCreation(registry, request, view);
  if (isForWebhooks)
    await askMutatingWebhooks(registry, isGenerated ? { ...request, name: '' } : request, view);
  prepare(target, object, write.user);
  const errors =
    row.custom === undefined
      ? validateCreate(object as KubeObject, askedVersion(write))
      : validateCustom(object as KubeObject, row);
  if (errors.length > 0) throw toInvalidError(row, object.metadata.name ?? '', errors);
  if (row.custom === undefined)
    for (const text of warningsOnCreate(object as KubeObject)) request.notes.warnings.add(text);
  admit(registry.admission.validating, request, view);
  if (isForWebhooks) await registry.admission.webhooks.validate(request, view);
  for (let attempt = 1; ; attempt++) {
    const attempted = insert(registry, target, request);
    if (!isGenerated || attempt === GENERATE_ATTEMPTS) return attempted;
    const outcome = await attempted.catch((error: unknown) => {
      if (!hasReason(error, 'AlreadyExists')) throw error;
      return undefined;
    });
    if (outcome !== undefined) return outcome;
    object.metadata.name = generatedName(registry, generateName);
  }
}

function newTerminating(row: Target['row']): StatusError {
  const message = `create not allowed while custom resource definition is terminating`;
  return new StatusError('MethodNotAllowed', message, { details: { group: row.group, kind: row.resource } });
}

/** What the client may say about a new object, and what the server says: the rest of its metadata is dropped. */
function newMetadata(registry: Registry, target: Target, object: ApiObject): Partial<ObjectMeta> {
  const sent = object.metadata;
  if (sent.resourceVersion) throw newBadRequest('resourceVersion should not be set on objects to be created');
  if (target.row.namespaced) requireNamespace(sent.namespace, target.namespace);
  const metadata: Partial<ObjectMeta> = {};
  if (sent.name) metadata.name = sent.name;
  if (sent.generateName) metadata.generateName = sent.generateName;
  if (target.row.namespaced) metadata.namespace = target.namespace;
  else if (sent.namespace) metadata.namespace = sent.namespace;
  metadata.uid = randomUid(registry.random);
  metadata.resourceVersion = '';
  if (target.row.generation) metadata.generation = 1;
  metadata.creationTimestamp = toTimestamp(registry.clock.now());
  if (sent.labels !== undefined) metadata.labels = sent.labels;
  if (sent.annotations !== undefined) metadata.annotations = sent.annotations;
  if (sent.ownerReferences !== undefined) metadata.ownerReferences = sent.ownerReferences;
  if (sent.finalizers !== undefined) metadata.finalizers = sent.finalizers;
  if (sent.managedFields !== undefined) metadata.managedFields = sent.managedFields;
  return metadata;
}

function generatedName(registry: Registry, base: string): string {
  return base.slice(0, NAME_MAX - SUFFIX_LENGTH) + randomSuffix(registry.random, SUFFIX_LENGTH);
}

function creationRequest(
  { row, namespace }: Target,
  object: ApiObject,
  { user, dryRun, notes = newAdmissionNotes(), asked }: WriteContext,
): AdmissionRequest {
  const name = object.metadata.name ?? '';
  const about = { row, subresource: '', namespace, name, user, dryRun, notes, object };
  return { ...about, operation: 'CREATE', ...(asked === undefined ? {} : { asked }) };
}

async function askMutatingWebhooks(
  { admission }: Registry,
  request: AdmissionRequest,
  view: AdmissionView,
): Promise<void> {
  const again = () => admit(admission.mutating, { ...request, isReinvocation: true }, view);
  await admission.webhooks.mutate(request, view, again);
}

async function mutateCreation(
  registry: Registry,
  request: AdmissionRequest,
  view: AdmissionView,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const refusal = refusalOf(() => admit(registry.admission.mutating, request, view));
    if (refusal === undefined) return;
    if (attempt === ADMISSION_ATTEMPTS) throw refusal;
    await new Promise<void>((resolve) => registry.clock.setTimer(ADMISSION_RETRY_MS, resolve));
  }
}

function refusalOf(attempt: () => void): NotYetAdmissibleError | undefined {
  try {
    attempt();
  } catch (error) {
    if (error instanceof NotYetAdmissibleError) return error;
    throw error;
  }
  return undefined;
}

function prepare({ row }: Target, object: ApiObject, user: UserInfo): void {
  const strategy = strategyOf(row);
  strategy.prepareCreate?.(object, user);
  if (row.custom !== undefined) {
    if (hasStatus(row)) delete object.status;
    return;
  }
  if (strategy.initialStatus !== undefined) object.status = strategy.initialStatus(object);
}

async function insert(registry: Registry, target: Target, request: AdmissionRequest): Promise<WriteOutcome> {
  const { dryRun } = request;
  const object = request.object!;
  const name = object.metadata.name!;
  const key = keyFor({ ...target, name });
  const { row } = target;
  let reservation: Reservation | undefined;
  const transaction = registry.store.transact(key, (current, others) => {
    const charges = quotaCharges(registry, request, others);
    reservation = registry.services.reserve(row, object, undefined, () => addressPool(registry, others));
    if (current !== undefined) throw newAlreadyExists(row, name);
    if (dryRun) return { keep: true };
    const addresses = addressChanges(registry, { row, before: undefined, after: object }, others);
    return { put: storable(object), companions: [...charges, ...addresses] };
  });
  if (row === SERVICES) {
    transaction.then(
      () => (dryRun ? reservation?.cancel() : reservation?.confirm()),
      () => reservation?.cancel(),
    );
  }
  const { object: stored } = await transaction;
  return dryRun || stored === undefined
    ? { object, stored: undefined }
    : { object: stored.value as unknown as ApiObject, stored };
}
