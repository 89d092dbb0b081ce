/**
 * Whether a Pod may be evicted now: pure. What an allowed eviction costs a budget is a change for the caller to commit.
 *
 * @see kubernetes/kubernetes pkg/registry/core/pod/storage/eviction.go
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import type { Condition } from '../../api/generated/meta-v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/generated/policy-v1.ts';
import { StatusError } from '../../base/status-error.ts';

export type EvictionDecision =
  /** No budget speaks against it. `unchanged`: only while the Pod is as it was seen. */
  | { kind: 'evict'; unchanged: boolean }
  /** The budget must first take note, in a compare-and-set. */
  | { kind: 'charge'; budget: PodDisruptionBudget }
  | { kind: 'refuse'; error: StatusError };

/** @see MaxDisruptedPodSize: beyond this, the budget's controller is too far behind */
const DISRUPTED_PODS_MAX = 2000;
const RETRY_SECONDS = 10;
const TERMINAL_OR_UNSTARTED = new Set(['Succeeded', 'Failed', 'Pending']);

/** @param budgets  those of the Pod's namespace whose selector matches it */
export function evaluateEviction(pod: Pod, budgets: readonly PodDisruptionBudget[]): EvictionDecision {
  if (pod.metadata.deletionTimestamp !== undefined || TERMINAL_OR_UNSTARTED.has(pod.status?.phase ?? '')) {
    return { kind: 'evict', unchanged: true };
  }
  const [budget, another] = budgets;
  if (budget === undefined) return { kind: 'evict', unchanged: false };
  if (another !== undefined) {
    const message =
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    return { kind: 'refuse', error: new StatusError('InternalError', message) };
  }
  return !isReady(pod) && sparesUnhealthy(budget)
    ? { kind: 'evict', unchanged: true }
    : { kind: 'charge', budget };
}

/** A Pod that is not ready counts for nothing, as long as the others suffice or the budget says so. */
function sparesUnhealthy({ spec, status }: PodDisruptionBudget): boolean {
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const desired = status?.desiredHealthy ?? 0;
  return (status?.currentHealthy ?? 0) >= desired && desired > 0;
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/**
 * The status of `budget` after one more disruption, of the Pod `podName`.
 *
 * @throws StatusError TooManyRequests when the budget allows none now, Forbidden when its state is broken
 */
export function chargeBudget(
  budget: PodDisruptionBudget,
  podName: string,
  now: string,
): PodDisruptionBudgetStatus {
  const status = budget.status ?? {};
  const allowed = status.disruptionsAllowed ?? 0;
  const { name } = budget.metadata;
  if ((status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
    throw tooManyRequests(
      `The disruption budget ${name} is still being processed by the server.`,
      RETRY_SECONDS,
    );
  }
  if (allowed < 0) throw forbidden(name, 'pdb disruptions allowed is negative');
  if (Object.keys(status.disruptedPods ?? {}).length > DISRUPTED_PODS_MAX) {
    throw forbidden(name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller');
  }
  if (allowed === 0) throw tooManyRequests(refusalOf(name, status), 0);
  return {
    ...status,
    disruptionsAllowed: allowed - 1,
    disruptedPods: { ...status.disruptedPods, [podName]: now },
    ...(allowed === 1 ? { conditions: withInsufficientPods(budget, now) } : {}),
  };
}

function refusalOf(
  name: string,
  { conditions, desiredHealthy, currentHealthy }: PodDisruptionBudgetStatus,
): string {
  const condition = conditions?.find(({ type }) => type === 'DisruptionAllowed');
  if (condition?.status === 'False' && condition.reason === 'SyncFailed') {
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${condition.message}`;
  }
  return `The disruption budget ${name} needs ${desiredHealthy ?? 0} healthy pods and has ${currentHealthy ?? 0} currently`;
}

function withInsufficientPods(budget: PodDisruptionBudget, now: string): Condition[] {
  const conditions = budget.status?.conditions ?? [];
  const { generation } = budget.metadata;
  const old = conditions.find(({ type }) => type === 'DisruptionAllowed');
  const condition: Condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: old?.status === 'False' ? old.lastTransitionTime : now,
    reason: 'InsufficientPods',
    message: '',
  };
  return [...conditions.filter(({ type }) => type !== 'DisruptionAllowed'), condition];
}

function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError(
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
    {
      details: {
        causes: [{ reason: 'DisruptionBudget', message }],
        ...(retryAfterSeconds === 0 ? {} : { retryAfterSeconds }),
      },
    },
  );
}

function forbidden(name: string, why: string): StatusError {
  const message = `poddisruptionbudgets.policy ${JSON.stringify(name)} is forbidden: ${why}`;
  return new StatusError('Forbidden', message, {
    details: { name, group: 'policy', kind: 'poddisruptionbudgets' },
  });
}
