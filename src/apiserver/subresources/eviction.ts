/** `eviction`: a deletion that asks the disruption budget first. The decision is in `evaluate-eviction.ts`. */
import type { Pod, PodCondition } from '../../api/generated/core-v1.ts';
import type { Eviction, PodDisruptionBudget } from '../../api/generated/policy-v1.ts';
import type { ApiResponse } from '../../api/message.ts';
import { POD_DISRUPTION_BUDGETS } from '../../api/resources.ts';
import { newSelectorMatcher } from '../../api/selectors.ts';
import { toTimestamp } from '../../base/clock.ts';
import { type ApiObject, type Fields, objectOf } from '../api-object.ts';
import { decodeAs } from '../decode.ts';
import { toDeletionOptions } from '../delete-options.ts';
import { newBadRequest, newNotFound } from '../errors.ts';
import { type DeleteRequest, deleteObject } from '../registry/delete.ts';
import { prefixOf, type Registry, readObject, type Target } from '../registry/registry.ts';
import { updateObject } from '../registry/update.ts';
import { parseWriteOptions } from '../registry/write-options.ts';
import { parseBody } from '../request-body.ts';
import { successStatus } from '../responses.ts';
import { ownWriteOf, type ResourceCall, type ServerContext, targetOf } from '../server-context.ts';
import { requiredBody } from '../verbs.ts';
import { askAboutPosted } from './ask-webhooks.ts';
import { chargeBudget, evaluateEviction } from './evaluate-eviction.ts';

const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction' };

export async function createEviction(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { registry } = server;
  const target = targetOf(call);
  const { eviction, dryRun } = parseEviction(call);
  await askAboutPosted(server, call, eviction as unknown as ApiObject, { dryRun });
  const request = toDeletion(call, eviction, dryRun);
  const stored = readObject(registry.store, target);
  if (stored === undefined) throw newNotFound(target.row, target.name);
  const pod = objectOf(stored) as unknown as Pod;
  const decision = evaluateEviction(pod, matchingBudgets(registry, pod));
  if (decision.kind === 'refuse') throw decision.error;
  if (decision.kind === 'charge') {
    await chargeStoredBudget(registry, decision.budget, pod, request);
    await evict(registry, target, request);
  } else {
    await evict(registry, target, decision.unchanged ? pinned(request, pod) : request);
  }
  return successStatus(201, call.representation);
}

function parseEviction(call: ResourceCall): { eviction: Eviction; dryRun: boolean } {
  const { request, info } = call;
  const { dryRun } = parseWriteOptions(request.query);
  const { value } = requiredBody(parseBody(request, EVICTION));
  const eviction = decodeAs(value, EVICTION, { fieldValidation: 'Ignore' }).object as unknown as Eviction;
  call.audit?.requested(eviction);
  if (eviction.metadata.name && eviction.metadata.name !== info.name) {
    throw newBadRequest('name in URL does not match name in Eviction object');
  }
  return { eviction, dryRun };
}

/** Webhooks were asked about the Eviction: the deletion that follows is the server's own. */
function toDeletion(call: ResourceCall, { deleteOptions }: Eviction, dryRun: boolean): DeleteRequest {
  const asked = toDeletionOptions((deleteOptions ?? {}) as Fields);
  return { ...ownWriteOf(call, dryRun || asked.dryRun), options: asked.options };
}

function matchingBudgets({ store }: Registry, { metadata }: Pod): PodDisruptionBudget[] {
  const { objects } = store.list({ prefix: prefixOf(POD_DISRUPTION_BUDGETS, metadata.namespace!) });
  return objects
    .map((stored) => stored.value as unknown as PodDisruptionBudget)
    .filter(({ spec }) => newSelectorMatcher(spec.selector)(metadata.labels));
}

async function chargeStoredBudget(
  registry: Registry,
  budget: PodDisruptionBudget,
  pod: Pod,
  { user, dryRun }: DeleteRequest,
): Promise<void> {
  const now = toTimestamp(registry.clock.now());
  const { name, namespace } = budget.metadata;
  const target = { row: POD_DISRUPTION_BUDGETS, namespace: namespace!, name };
  // Decided on the newest state inside the transaction: two evictions cannot share one disruption.
  const produce = (old: ApiObject): ApiObject => {
    const status = chargeBudget(old as unknown as PodDisruptionBudget, pod.metadata.name, now);
    return { ...old, metadata: { ...old.metadata }, status: status as Fields };
  };
  await updateObject(registry, target, { subresource: 'status', produce }, { user, dryRun });
}

/** Only while the Pod is as it was judged. */
function pinned(request: DeleteRequest, { metadata }: Pod): DeleteRequest {
  const { preconditions } = request.options;
  if (preconditions?.resourceVersion !== undefined) return request;
  const pin = { ...preconditions, resourceVersion: metadata.resourceVersion };
  return { ...request, options: { ...request.options, preconditions: pin } };
}

async function evict(registry: Registry, target: Target, request: DeleteRequest): Promise<void> {
  const now = toTimestamp(registry.clock.now());
  await deleteObject(registry, target, { ...request, lastWords: (pod) => withDisruptionTarget(pod, now) });
}

function withDisruptionTarget(pod: ApiObject, now: string): ApiObject {
  const conditions = (pod.status?.['conditions'] as PodCondition[] | undefined) ?? [];
  const old = conditions.find(({ type }) => type === 'DisruptionTarget');
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: old?.status === 'True' ? (old.lastTransitionTime ?? now) : now,
  };
  const others = conditions.filter(({ type }) => type !== 'DisruptionTarget');
  return { ...pod, status: { ...pod.status, conditions: [...others, condition] } };
}
