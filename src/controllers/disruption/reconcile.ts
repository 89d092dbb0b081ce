/**
 * What a PodDisruptionBudget allows now, from its Pods and the scales of their owners. Pure.
 * @see k8s.io/kubernetes/pkg/controller/disruption/disruption.go trySync
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import type { Condition } from '../../api/generated/meta-v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/generated/policy-v1.ts';
import { resolveIntOrPercent } from '../../api/int-or-percent.ts';
import { isPodReady, isPodTerminating } from '../../api/pod-conditions.ts';
import { parseTimestamp, toTimestamp } from '../../base/clock.ts';
import type { ExpectedScale } from './expected-scale.ts';

/** Within this time an evicted Pod must be seen terminating, or it counts as healthy again. Source: DeletionTimeout. */
export const DELETION_TIMEOUT_MS = 120_000;

/** Upstream's word for the one condition of a budget. */
const DISRUPTION_ALLOWED = 'DisruptionAllowed';

export interface ObservedBudget {
  /** All that the selector matches, ended ones too. */
  pods: readonly Pod[];
  /** What their controllers want; asked for only where {@link needsScale}. */
  scale: ExpectedScale;
}

export interface BudgetPlan {
  status: PodDisruptionBudgetStatus;
  /** Evicted by the API, and still not terminating after {@link DELETION_TIMEOUT_MS}. */
  notDeleted: Pod[];
  /** Set while an evicted Pod has not been seen terminating. */
  requeueAfterMs?: number;
}

/** A share, or a number of unavailable Pods, is of the Pods that the owners want, not of those that there are. */
export function needsScale({ spec }: PodDisruptionBudget): boolean {
  return spec.maxUnavailable !== undefined || typeof spec.minAvailable === 'string';
}

/**
 * Pods on their way out count as unhealthy from the moment the eviction API has noted them, before any cache shows it: two
 * evictions can never share one disruption. A scale that cannot be found allows none (`SyncFailed`).
 *
 * @param nowMs  wall time
 * @throws StatusError BadRequest for a percentage that is none
 */
export function reconcileBudget(
  budget: PodDisruptionBudget,
  { pods, scale }: ObservedBudget,
  nowMs: number,
): BudgetPlan {
  if (scale.kind === 'unknown') {
    return { status: failedStatus(budget, scale.message, nowMs), notDeleted: [] };
  }
  const { expectedPods, desiredHealthy } = countExpected(budget, pods, scale.replicas);
  const departures = reviewDepartures(budget, pods, nowMs);
  const currentHealthy = countHealthy(pods, departures.disruptedPods);
  // Without expected Pods nothing is allowed: the first Pods may come before this status is computed again.
  const disruptionsAllowed = expectedPods <= 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const { generation = 0 } = budget.metadata;
  const status: PodDisruptionBudgetStatus = {
    observedGeneration: generation,
    ...(Object.keys(departures.disruptedPods).length === 0
      ? {}
      : { disruptedPods: departures.disruptedPods }),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions: withCondition(
      budget,
      disruptionsAllowed > 0
        ? { status: 'True', reason: 'SufficientPods', message: '', observedGeneration: generation }
        : { status: 'False', reason: 'InsufficientPods', message: '', observedGeneration: generation },
      nowMs,
    ),
  };
  const { notDeleted, requeueAfterMs } = departures;
  return { status, notDeleted, ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }) };
}

/** What cannot be computed allows nothing; the rest of the status stays. @see failSafe */
function failedStatus(
  budget: PodDisruptionBudget,
  message: string,
  nowMs: number,
): PodDisruptionBudgetStatus {
  const { observedGeneration = 0 } = budget.status ?? {};
  const change = { status: 'False', reason: 'SyncFailed', message, observedGeneration };
  return {
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
    ...budget.status,
    disruptionsAllowed: 0,
    conditions: withCondition(budget, change, nowMs),
  };
}

function countExpected(
  { spec }: PodDisruptionBudget,
  pods: readonly Pod[],
  scale: number,
): { expectedPods: number; desiredHealthy: number } {
  const { minAvailable, maxUnavailable } = spec;
  if (maxUnavailable !== undefined) {
    const unavailable = resolveIntOrPercent(maxUnavailable, scale, 'up');
    return { expectedPods: scale, desiredHealthy: Math.max(0, scale - unavailable) };
  }
  if (typeof minAvailable === 'string') {
    return { expectedPods: scale, desiredHealthy: resolveIntOrPercent(minAvailable, scale, 'up') };
  }
  // With neither, the budget asks for nothing; upstream then leaves both counts at zero.
  return { expectedPods: minAvailable === undefined ? 0 : pods.length, desiredHealthy: minAvailable ?? 0 };
}

interface Departures {
  /** Evicted, not yet seen terminating, and still within their time. */
  disruptedPods: Record<string, string>;
  notDeleted: Pod[];
  requeueAfterMs?: number;
}

function reviewDepartures(budget: PodDisruptionBudget, pods: readonly Pod[], nowMs: number): Departures {
  const departures: Departures = { disruptedPods: {}, notDeleted: [] };
  const noted = budget.status?.disruptedPods ?? {};
  for (const pod of pods) {
    const { name } = pod.metadata;
    const evictedAt = noted[name];
    if (evictedAt === undefined || isPodTerminating(pod)) continue;
    const restMs = (parseTimestamp(evictedAt) ?? 0) + DELETION_TIMEOUT_MS - nowMs;
    if (restMs < 0) {
      departures.notDeleted.push(pod);
      continue;
    }
    departures.disruptedPods[name] = evictedAt;
    // One more millisecond: at the very end of its time it still counts.
    departures.requeueAfterMs = Math.min(departures.requeueAfterMs ?? restMs + 1, restMs + 1);
  }
  return departures;
}

function countHealthy(pods: readonly Pod[], disruptedPods: Readonly<Record<string, string>>): number {
  let healthy = 0;
  for (const pod of pods) {
    if (!isPodTerminating(pod) && disruptedPods[pod.metadata.name] === undefined && isPodReady(pod))
      healthy++;
  }
  return healthy;
}

function withCondition(
  budget: PodDisruptionBudget,
  change: Pick<Condition, 'status' | 'reason' | 'message' | 'observedGeneration'>,
  nowMs: number,
): Condition[] {
  const conditions = budget.status?.conditions ?? [];
  const old = conditions.find(({ type }) => type === DISRUPTION_ALLOWED);
  const lastTransitionTime = old?.status === change.status ? old.lastTransitionTime : toTimestamp(nowMs);
  const next: Condition = { type: DISRUPTION_ALLOWED, ...change, lastTransitionTime };
  return old === undefined
    ? [...conditions, next]
    : conditions.map((condition) => (condition === old ? next : condition));
}

/** Whether writing `next` would change nothing. */
export function isSameBudgetStatus(
  current: PodDisruptionBudgetStatus | undefined,
  next: PodDisruptionBudgetStatus,
): boolean {
  if (current === undefined) return false;
  return (
    (current.observedGeneration ?? 0) === (next.observedGeneration ?? 0) &&
    (current.disruptionsAllowed ?? 0) === (next.disruptionsAllowed ?? 0) &&
    (current.currentHealthy ?? 0) === (next.currentHealthy ?? 0) &&
    (current.desiredHealthy ?? 0) === (next.desiredHealthy ?? 0) &&
    (current.expectedPods ?? 0) === (next.expectedPods ?? 0) &&
    isSameMap(current.disruptedPods ?? {}, next.disruptedPods ?? {}) &&
    isSameCondition(conditionOf(current), conditionOf(next))
  );
}

function conditionOf(status: PodDisruptionBudgetStatus): Condition | undefined {
  return status.conditions?.find(({ type }) => type === DISRUPTION_ALLOWED);
}

function isSameCondition(a: Condition | undefined, b: Condition | undefined): boolean {
  return (
    a?.status === b?.status &&
    a?.reason === b?.reason &&
    (a?.message ?? '') === (b?.message ?? '') &&
    (a?.observedGeneration ?? 0) === (b?.observedGeneration ?? 0)
  );
}

function isSameMap(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
