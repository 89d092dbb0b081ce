/**
 * What a write costs the quotas of its namespace, or why they refuse it. It is charged in the commit of the write itself, so
 * that no two writes spend the same rest.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go, CheckRequest
 */
import type { ResourceQuota } from '../../../api/generated/core-v1.ts';
import type { KubeObject } from '../../../api/meta.ts';
import { isInScope, type QuotaEvaluator, quotaEvaluatorOf } from '../../../api/quota/evaluator.ts';
import {
  addLists,
  formatList,
  increaseOf,
  isNegativeQuantity,
  namesAbove,
  pickResources,
  type ResourceList,
  withoutZeros,
} from '../../../api/resource-list.ts';
import { newForbidden } from '../../errors.ts';
import type { AdmissionRequest } from '../admission.ts';

/** Whether quotas may have a say: most writes need not look for any. */
export function mayCharge({ row, operation, subresource }: AdmissionRequest): boolean {
  const evaluator = quotaEvaluatorOf(row);
  return evaluator !== undefined && handles(evaluator, operation, subresource);
}

function handles(evaluator: QuotaEvaluator, operation: string, subresource: string): boolean {
  return evaluator.handles?.(operation, subresource) ?? (operation === 'CREATE' && subresource === '');
}

/**
 * Those of `quotas` that count what `request` writes, as they are after it. Pure.
 *
 * @param quotas  the newest of the request's namespace
 * @param nowMs  wall time
 * @throws StatusError Forbidden
 */
export function chargeQuotas(
  request: AdmissionRequest,
  quotas: readonly ResourceQuota[],
  nowMs: number,
): ResourceQuota[] {
  const evaluator = quotaEvaluatorOf(request.row);
  if (evaluator === undefined || !handles(evaluator, request.operation, request.subresource)) return [];
  const object = request.object as KubeObject;
  const counting = quotas.filter((quota) => counts(evaluator, quota, object));
  for (const quota of counting) checkJudgeable(request, evaluator, quota);
  if (counting.length === 0) return [];
  const usage = evaluator.usage(object, nowMs);
  checkNotNegative(request, usage);
  return counting.flatMap((quota) => {
    const requested = requestedOf(request, { evaluator, quota, usage }, nowMs);
    if (Object.keys(requested).length === 0) return [];
    // What a status says has happened already: it is counted, and cannot be refused.
    if (request.subresource !== 'status') checkRest(request, quota, requested);
    const used = addLists(quota.status?.used ?? {}, requested);
    return [{ ...quota, status: { ...quota.status, used } }];
  });
}

function counts(evaluator: QuotaEvaluator, quota: ResourceQuota, object: KubeObject): boolean {
  return limitedNames(evaluator, quota).length > 0 && isInScope(evaluator, quota, object);
}

/** What the quota limits, in force, by which objects of the kind count. */
function limitedNames(evaluator: QuotaEvaluator, { status }: ResourceQuota): string[] {
  return Object.keys(status?.hard ?? {}).filter((name) => evaluator.matchesResource(name));
}

function checkJudgeable(request: AdmissionRequest, evaluator: QuotaEvaluator, quota: ResourceQuota): void {
  const names = limitedNames(evaluator, quota);
  const problem = evaluator.problem?.(names, request.object as KubeObject);
  if (problem !== undefined) refuse(request, `failed quota: ${quota.metadata.name}: ${problem}`);
  if (names.every((name) => quota.status?.used?.[name] !== undefined)) return;
  const listed = names.sort().join(',');
  refuse(request, `status unknown for quota: ${quota.metadata.name}, resources: ${listed}`);
}

function checkNotNegative(request: AdmissionRequest, usage: ResourceList): void {
  const negative = Object.keys(usage).filter((name) => isNegativeQuantity(usage[name]!));
  if (negative.length === 0) return;
  refuse(request, `quota usage is negative for resource(s): ${negative.sort().join(',')}`);
}

interface Counted {
  evaluator: QuotaEvaluator;
  quota: ResourceQuota;
  usage: ResourceList;
}

/** What `quota` is asked for: of an update, the increase, if it counted the object before. */
function requestedOf(
  { operation, old }: AdmissionRequest,
  { evaluator, quota, usage }: Counted,
  nowMs: number,
): ResourceList {
  const before = operation === 'UPDATE' ? (old as KubeObject) : undefined;
  const isCountedBefore = before !== undefined && isInScope(evaluator, quota, before);
  const increase = isCountedBefore ? increaseOf(usage, evaluator.usage(before, nowMs)) : usage;
  return withoutZeros(pickResources(increase, (name) => quota.status?.hard?.[name] !== undefined));
}

function checkRest(request: AdmissionRequest, quota: ResourceQuota, requested: ResourceList): void {
  const { hard = {}, used = {} } = quota.status ?? {};
  const after = pickResources(addLists(used, requested), (name) => requested[name] !== undefined);
  const exceeded = namesAbove(after, hard);
  if (exceeded.size === 0) return;
  const shown = (list: ResourceList) => formatList(pickResources(list, (name) => exceeded.has(name)));
  const why = `requested: ${shown(requested)}, used: ${shown(used)}, limited: ${shown(hard)}`;
  refuse(request, `exceeded quota: ${quota.metadata.name}, ${why}`);
}

function refuse({ row, name }: AdmissionRequest, why: string): never {
  throw newForbidden(row, name, why);
}
