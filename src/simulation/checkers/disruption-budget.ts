/**
 * No eviction breaks a disruption budget: what is left healthy after it is at least what the budget wants. Counted are the
 * Pods themselves. Health that was lost otherwise, by a crash or a deletion, is no fault of the eviction API; until
 * everybody must have heard of it, such a Pod counts as healthy. A budget that was made while the eviction was on
 * its way may have come too late for it.
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { isPodReady, isPodTerminating, podCondition } from '../../api/pod-conditions.ts';
import { POD_DISRUPTION_BUDGETS } from '../../api/resources.ts';
import { newSelectorMatcher } from '../../api/selectors.ts';
import type { ObjectCommitted, RequestDone } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { STALE_MAX_MS } from './held-bound.ts';
import { DISRUPTION_BUDGETS_PREFIX, PODS_PREFIX } from './storage-prefixes.ts';

export const newDisruptionBudgetChecker: CheckerFactory = (cluster, report) => {
  const book = new HealthBook(cluster, report);
  return {
    onEvent(event) {
      if (event.kind === 'request') book.onRequest(event);
      if (event.kind !== 'commit') return;
      if (event.key.startsWith(PODS_PREFIX)) book.onPod(event, event.atMs);
      else if (event.key.startsWith(DISRUPTION_BUDGETS_PREFIX)) book.onBudget(event, event.atMs);
    },
  };
};

interface Breach {
  budgetMadeMs: number;
  message: string;
}

class HealthBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** Pods that lost their health, otherwise than by eviction, and when. Looked through at each eviction. */
  readonly #lost = new Map<string, { pod: Pod; atMs: number }>();
  /** When each budget was made, by uid. */
  readonly #budgetsMs = new Map<string, number>();
  /** By the path of the eviction that caused them; said once it is known when that was sent. */
  readonly #breaches = new Map<string, Breach[]>();

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
  }

  onPod({ type, object }: ObjectCommitted, nowMs: number): void {
    const pod = object as unknown as Pod;
    const { uid } = pod.metadata;
    const before = this.#cluster.pods.get(uid);
    if (type === 'put' && isHealthy(pod)) {
      this.#lost.delete(uid);
      return;
    }
    if (before === undefined || !isHealthy(before)) return;
    if (isEvicted(pod)) this.#breaches.set(evictionPath(pod), [...this.#breachesBy(pod, nowMs)]);
    else this.#lost.set(uid, { pod, atMs: nowMs });
  }

  onBudget({ type, object }: ObjectCommitted, nowMs: number): void {
    const { uid } = (object as unknown as PodDisruptionBudget).metadata;
    if (type === 'delete') this.#budgetsMs.delete(uid);
    else if (!this.#budgetsMs.has(uid)) this.#budgetsMs.set(uid, nowMs);
  }

  /** @param sentMs  of a request that was answered */
  onRequest({ path, status, sentMs }: RequestDone): void {
    const [route = ''] = path.split('?', 1);
    if (status >= 300 || !route.endsWith('/eviction')) return;
    for (const { budgetMadeMs, message } of this.#breaches.get(route) ?? []) {
      if (budgetMadeMs <= sentMs) this.#report(message);
    }
    this.#breaches.delete(route);
  }

  *#breachesBy(evicted: Pod, nowMs: number): Generator<Breach> {
    this.#forgetKnown(nowMs);
    const { world } = this.#cluster;
    for (const budget of world.objects(POD_DISRUPTION_BUDGETS, namespaceOf(evicted))) {
      const matches = newSelectorMatcher(budget.spec.selector);
      if (!matches(evicted.metadata.labels)) continue;
      const covers = (pod: Pod) =>
        namespaceOf(pod) === namespaceOf(budget) &&
        pod.metadata.uid !== evicted.metadata.uid &&
        matches(pod.metadata.labels);
      const covered = [...this.#cluster.pods.all()].filter(covers);
      const healthy = covered.filter((pod) => isHealthy(pod)).length;
      const believed = [...this.#lost.values()].filter(({ pod }) => covers(pod)).length;
      const wanted = this.#wantedHealthy(budget, [evicted, ...covered], nowMs);
      if (healthy + believed < wanted) {
        const message = `the eviction of ${keyOf(evicted)} leaves ${healthy} healthy Pods; budget ${keyOf(budget)} wants ${wanted}`;
        yield { budgetMadeMs: this.#budgetsMs.get(budget.metadata.uid)!, message };
      }
    }
  }

  #wantedHealthy({ spec }: PodDisruptionBudget, covered: readonly Pod[], nowMs: number): number {
    const { minAvailable, maxUnavailable } = spec;
    if (typeof minAvailable === 'number') return minAvailable;
    const expected = this.#expectedPods(covered, nowMs);
    if (minAvailable !== undefined) return shareOf(minAvailable, expected);
    return maxUnavailable === undefined ? 0 : expected - shareOf(maxUnavailable, expected);
  }

  /** What the workloads of the Pods want together, at the least that may be believed. */
  #expectedPods(covered: readonly Pod[], nowMs: number): number {
    const { scale } = this.#cluster;
    const owners = new Set<string>();
    for (const pod of covered) {
      const own = controllerOf(pod)?.uid;
      if (own !== undefined) owners.add(scale.workloadOf(own));
    }
    return [...owners].reduce((sum, uid) => sum + (scale.least(uid, nowMs) ?? 0), 0);
  }

  /** What everybody must have heard of by now. */
  #forgetKnown(nowMs: number): void {
    if (this.#cluster.calm.forMs() < STALE_MAX_MS) return;
    for (const [uid, { atMs }] of this.#lost) {
      if (nowMs - atMs < STALE_MAX_MS) break;
      this.#lost.delete(uid);
    }
  }
}

function isHealthy(pod: Pod): boolean {
  return isPodReady(pod) && !isPodTerminating(pod);
}

/** The eviction API says so in the very write that marks or removes the Pod. */
function isEvicted(pod: Pod): boolean {
  return podCondition(pod, 'DisruptionTarget')?.reason === 'EvictionByEvictionAPI';
}

function evictionPath(pod: Pod): string {
  return `/api/v1/namespaces/${namespaceOf(pod)}/pods/${pod.metadata.name}/eviction`;
}

/** Shares are rounded up, of what may be missing too. @see disruption.go getExpectedPodCount */
function shareOf(value: number | string, total: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(value, 10) * total) / 100);
}
