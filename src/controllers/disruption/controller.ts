/**
 * Keeps the status of every PodDisruptionBudget true: how many of its Pods may be disrupted now. The eviction API reads it,
 * and charges it, in one transaction each; this controller hears of every change of readiness and writes what follows.
 *
 * Invariant: a status is only written on the version that was judged, so that a charge by the eviction API is never lost.
 */

import type { Pod } from '../../api/generated/core-v1.ts';
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { isPodReady, isPodTerminating } from '../../api/pod-conditions.ts';
import { POD_DISRUPTION_BUDGETS, PODS } from '../../api/resources.ts';
import { formatLabelSelector, type LabelMatcher, newSelectorMatcher } from '../../api/selectors.ts';
import type { Informer } from '../../client/informer.ts';
import { type Controller, type ControllerContext, runControllers } from '../framework/controller.ts';
import { type LatestWrites, newLatestWrites } from '../framework/latest-writes.ts';
import {
  DEFAULT_RESYNC_MS,
  newWorkerLoop,
  type SyncResult,
  type WorkerLoop,
} from '../framework/worker-loop.ts';
import { type ExpectedScale, evaluateScale } from './expected-scale.ts';
import { isSameBudgetStatus, needsScale, reconcileBudget } from './reconcile.ts';
import { newScaledOwners, type ScaledOwners } from './scaled-owners.ts';
import { newStaleDisruptionLoop } from './stale-disruption.ts';

const NAME = 'disruption';

/** Upstream has one; budgets do not wait for each other here. */
const WORKERS = 4;

export function newDisruptionController(context: ControllerContext): Controller {
  const budgets = new DisruptionController(context);
  const stale = newStaleDisruptionLoop(context);
  return { name: NAME, run: (signal) => runControllers([budgets.loop, stale], signal) };
}

class DisruptionController {
  readonly loop: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #budgets: Informer<PodDisruptionBudget>;
  readonly #pods: Informer<Pod>;
  readonly #owners: ScaledOwners;
  readonly #latest: LatestWrites<PodDisruptionBudget> = newLatestWrites();
  /** By the (frozen) budget: a selector is compiled once for each version. */
  readonly #matchers = new WeakMap<PodDisruptionBudget, LabelMatcher>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#budgets = context.informers.informer(POD_DISRUPTION_BUDGETS);
    this.#pods = context.informers.informer(PODS);
    this.#owners = newScaledOwners(context.informers, (namespace) => this.#scaled(namespace));
    this.loop = newWorkerLoop(context, {
      name: NAME,
      workers: WORKERS,
      sync: (key, signal) => this.#sync(key, signal),
      informers: [this.#budgets, this.#pods, ...this.#owners.informers],
      resync: { lister: this.#budgets, intervalMs: DEFAULT_RESYNC_MS },
    });
    this.#listen();
  }

  #listen(): void {
    this.#budgets.addListener({
      onAdd: (budget) => this.loop.enqueue(keyOf(budget)),
      onUpdate: (budget) => this.loop.enqueue(keyOf(budget)),
      onDelete: (budget) => this.#latest.forget(keyOf(budget)),
    });
    this.#pods.addListener({
      onAdd: (pod) => this.#touched(pod),
      onUpdate: (pod, previous) => {
        if (!isOfConsequence(pod, previous)) return;
        this.#touched(pod);
        this.#touched(previous);
      },
      onDelete: (pod) => this.#touched(pod),
    });
  }

  #touched(pod: Pod): void {
    for (const budget of this.#budgets.list(namespaceOf(pod))) {
      if (this.#matcher(budget)(pod.metadata.labels)) this.loop.enqueue(keyOf(budget));
    }
  }

  /** A workload of the namespace was scaled. */
  #scaled(namespace: string): void {
    for (const budget of this.#budgets.list(namespace)) {
      if (needsScale(budget)) this.loop.enqueue(keyOf(budget));
    }
  }

  #matcher(budget: PodDisruptionBudget): LabelMatcher {
    let matcher = this.#matchers.get(budget);
    if (matcher === undefined) {
      matcher = newSelectorMatcher(budget.spec.selector);
      this.#matchers.set(budget, matcher);
    }
    return matcher;
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const cached = this.#budgets.get(key);
    if (cached === undefined) return {};
    const budget = this.#latest.latest(cached);
    const matches = this.#matcher(budget);
    const pods = this.#pods.list(namespaceOf(budget)).filter((pod) => matches(pod.metadata.labels));
    const scale = needsScale(budget) ? evaluateScale(pods, this.#owners.in(namespaceOf(budget))) : NO_SCALE;
    const plan = reconcileBudget(budget, { pods, scale }, this.#context.clock.now());
    if (isSameBudgetStatus(budget.status, plan.status)) return toResult(plan.requeueAfterMs);
    const { client } = this.#context;
    this.#latest.note(
      await client.updateStatus(POD_DISRUPTION_BUDGETS, { ...budget, status: plan.status }, signal),
    );
    this.#report(budget, { pods, scale, notDeleted: plan.notDeleted });
    return toResult(plan.requeueAfterMs);
  }

  /** Only when the status has changed: an Event for every look would be noise. */
  #report(
    budget: PodDisruptionBudget,
    { pods, scale, notDeleted }: { pods: readonly Pod[]; scale: ExpectedScale; notDeleted: readonly Pod[] },
  ): void {
    const { recorder } = this.#context;
    const { name, namespace } = budget.metadata;
    if (pods.length === 0) recorder.event(budget, 'Normal', 'NoPods', 'No matching pods found');
    if (scale.kind === 'unknown') {
      const message = `Failed to calculate the number of expected pods: ${scale.message}`;
      recorder.event(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
    } else if (scale.unmanaged.length > 0) {
      const selector = formatLabelSelector(budget.spec.selector);
      const message = `Pods selected by this PodDisruptionBudget (selector: ${selector}) have no controller, so the number of expected Pods cannot be known; set ".spec.minAvailable" to an integer to account for them`;
      recorder.event(budget, 'Warning', 'UnmanagedPods', message);
    }
    for (const pod of notDeleted) {
      const message = `Pod was expected by PDB ${namespace}/${name} to be deleted but it wasn't`;
      recorder.event(pod, 'Warning', 'NotDeleted', message);
    }
  }
}

/** For a budget that counts its Pods. */
const NO_SCALE: ExpectedScale = { kind: 'known', replicas: 0, unmanaged: [] };

/** A budget counts Pods, ready ones, and their owners. */
function isOfConsequence(pod: Pod, previous: Pod): boolean {
  return (
    isPodReady(pod) !== isPodReady(previous) ||
    isPodTerminating(pod) !== isPodTerminating(previous) ||
    controllerOf(pod)?.uid !== controllerOf(previous)?.uid ||
    JSON.stringify(pod.metadata.labels) !== JSON.stringify(previous.metadata.labels)
  );
}

function toResult(requeueAfterMs: number | undefined): SyncResult {
  return requeueAfterMs === undefined ? {} : { requeueAfterMs: Math.ceil(requeueAfterMs) };
}
