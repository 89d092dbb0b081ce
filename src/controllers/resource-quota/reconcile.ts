/** What the status of a ResourceQuota should be, from what there is of the kinds that it counts. Pure. */
import type { ResourceQuota, ResourceQuotaStatus } from '../../api/generated/core-v1.ts';
import type { KubeObject } from '../../api/meta.ts';
import { isInScope, type QuotaEvaluator, quotaEvaluatorOf } from '../../api/quota/evaluator.ts';
import { equalLists, pickResources, type ResourceList, sumLists } from '../../api/resource-list.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { formatQuantity } from '../../api/validation/structural-quantity.ts';

/** A kind that a quota counts. */
export interface CountedKind {
  row: ResourceRow;
  evaluator: QuotaEvaluator;
}

/** What there is of a kind in the namespace: the objects, or where only their number counts, that. */
export type Inventory = readonly KubeObject[] | number;

/** Those of `rows` that count for something in `quota.spec.hard`. */
export function countedKinds(quota: ResourceQuota, rows: readonly ResourceRow[]): CountedKind[] {
  const names = Object.keys(quota.spec.hard ?? {});
  return rows.flatMap((row) => {
    const evaluator = quotaEvaluatorOf(row);
    return evaluator !== undefined && names.some((name) => evaluator.matchesResource(name))
      ? [{ row, evaluator }]
      : [];
  });
}

/**
 * The status of `quota`; `undefined` when it has it already. What nobody can count keeps the usage that it had.
 *
 * @param nowMs  wall time: Pods that should have gone long ago do not count
 */
export function reconcileQuota(
  quota: ResourceQuota,
  inventories: ReadonlyMap<CountedKind, Inventory>,
  nowMs: number,
): ResourceQuotaStatus | undefined {
  const { hard = {} } = quota.spec;
  let used = pickResources(quota.status?.used ?? {}, (name) => hard[name] !== undefined);
  for (const [{ evaluator }, inventory] of inventories)
    used = { ...used, ...usageOf(quota, { evaluator, inventory }, nowMs) };
  const { status } = quota;
  const isSame =
    status?.hard !== undefined &&
    status.used !== undefined &&
    equalLists(status.hard, hard) &&
    equalLists(status.used, used);
  return isSame ? undefined : { hard, used };
}

function usageOf(
  quota: ResourceQuota,
  { evaluator, inventory }: { evaluator: QuotaEvaluator; inventory: Inventory },
  nowMs: number,
): ResourceList {
  const names = Object.keys(quota.spec.hard ?? {}).filter((name) => evaluator.matchesResource(name));
  if (typeof inventory === 'number')
    return Object.fromEntries(names.map((name) => [name, formatQuantity(BigInt(inventory) * 1000n, '1')]));
  return sumLists(usages(quota, { evaluator, inventory }, nowMs), names);
}

/** One at a time: there may be thousands. */
function* usages(
  quota: ResourceQuota,
  { evaluator, inventory }: { evaluator: QuotaEvaluator; inventory: readonly KubeObject[] },
  nowMs: number,
): Generator<ResourceList> {
  for (const object of inventory)
    if (isInScope(evaluator, quota, object)) yield evaluator.usage(object, nowMs);
}

/** Whether only their number matters to `quota`: whatever their state and its scopes. */
export function isNumberEnough({ evaluator }: CountedKind, { spec }: ResourceQuota): boolean {
  const isScoped = (spec.scopes ?? []).length > 0 || (spec.scopeSelector?.matchExpressions ?? []).length > 0;
  if (isScoped) return false;
  if (evaluator.isCountOnly) return true;
  const names = Object.keys(spec.hard ?? {}).filter((name) => evaluator.matchesResource(name));
  return names.every((name) => name.startsWith('count/'));
}

/** Whether a change of an object may change what `quota` has of it. */
export function isOfConsequence(
  evaluator: QuotaEvaluator,
  quota: ResourceQuota,
  { object, previous, nowMs }: { object: KubeObject; previous: KubeObject; nowMs: number },
): boolean {
  const [isIn, wasIn] = [object, previous].map((one) => isInScope(evaluator, quota, one));
  if (isIn !== wasIn) return true;
  return isIn === true && !equalLists(evaluator.usage(object, nowMs), evaluator.usage(previous, nowMs));
}
