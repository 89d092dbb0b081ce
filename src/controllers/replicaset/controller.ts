/**
 * Keeps each ReplicaSet at its number of Pods: observe (cache plus own writes in flight) → `reconcileReplicaSet` → create
 * in growing batches or delete → status.
 */
import type { ReplicaSet, ReplicaSetStatus } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { isPodActive } from '../../api/pod-conditions.ts';
import { PODS, REPLICA_SETS } from '../../api/resources.ts';
import { newSelectorMatcher } from '../../api/selectors.ts';
import { StatusError } from '../../base/status-error.ts';
import type { Informer } from '../../client/informer.ts';
import { applyClaims, planClaims } from '../framework/claim.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { type Expectations, newExpectations } from '../framework/expectations.ts';
import { type LatestWrites, newLatestWrites } from '../framework/latest-writes.ts';
import { newOwnerListener } from '../framework/owner-events.ts';
import { addControllerIndex, controlledBy, orphansIn } from '../framework/owner-index.ts';
import { isNamespaceTerminating, newPodControl, type PodControl } from '../framework/pod-control.ts';
import { slowStart } from '../framework/slow-start.ts';
import {
  DEFAULT_RESYNC_MS,
  newWorkerLoop,
  type SyncResult,
  type WorkerLoop,
} from '../framework/worker-loop.ts';
import { type ReplicaSetPlan, reconcileReplicaSet } from './reconcile.ts';
import { computeReplicaSetStatus, isSameReplicaSetStatus, type ReplicaFailure } from './status.ts';

/** Upstream's --concurrent-replicaset-syncs. */
const WORKERS = 5;

export function newReplicaSetController(context: ControllerContext): Controller {
  return new ReplicaSetController(context).loop;
}

class ReplicaSetController {
  readonly loop: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations<Pod>;
  readonly #latest: LatestWrites<ReplicaSet> = newLatestWrites();
  readonly #podControl: PodControl;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#replicaSets = context.informers.informer(REPLICA_SETS);
    this.#pods = context.informers.informer(PODS);
    this.#expectations = newExpectations(this.#pods);
    this.#podControl = newPodControl({ ...context, expectations: this.#expectations });
    this.loop = newWorkerLoop(context, {
      name: 'replicaset',
      workers: WORKERS,
      sync: (key, signal) => this.#sync(key, signal),
      informers: [this.#replicaSets, this.#pods],
      resync: { lister: this.#replicaSets, intervalMs: DEFAULT_RESYNC_MS },
    });
    addControllerIndex(this.#replicaSets);
    addControllerIndex(this.#pods);
    this.#listen();
  }

  #listen(): void {
    const enqueue = (key: string) => this.loop.enqueue(key);
    this.#replicaSets.addListener({
      onAdd: (rs) => enqueue(keyOf(rs)),
      onUpdate: (rs) => enqueue(keyOf(rs)),
      onDelete: (rs) => {
        this.#expectations.forget(rs.metadata.uid);
        this.#latest.forget(keyOf(rs));
      },
    });
    this.#pods.addListener(
      newOwnerListener<ReplicaSet, Pod>({
        ownerResource: REPLICA_SETS,
        owners: this.#replicaSets,
        selects: (rs, pod) => newSelectorMatcher(rs.spec.selector)(pod.metadata.labels),
        enqueue,
      }),
    );
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const cached = this.#replicaSets.get(key);
    if (cached === undefined) return {};
    const rs = this.#latest.latest(cached);
    const claimed = await this.#claimPods(rs, signal);
    const observed = this.#observe(rs, claimed);
    const plan = reconcileReplicaSet(
      rs,
      { pods: observed, related: this.#relatedPods(rs) },
      this.#context.clock.now(),
    );
    const failure = await this.#apply(rs, plan, signal);
    await this.#writeStatus(rs, claimed, toReplicaFailure(plan, failure), signal);
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
    return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
  }

  async #claimPods(rs: ReplicaSet, signal: AbortSignal): Promise<readonly Pod[]> {
    const orphans = orphansIn(this.#pods, namespaceOf(rs)).filter(isPodActive);
    const candidates = [...controlledBy(this.#pods, rs), ...orphans];
    const plan = planClaims(rs, newSelectorMatcher(rs.spec.selector), candidates);
    const { client } = this.#context;
    return applyClaims({ client, owner: rs, ownerResource: REPLICA_SETS, resource: PODS }, plan, signal);
  }

  /** The cache as it is at this moment, what was just adopted, and what is in flight. */
  #observe(rs: ReplicaSet, claimed: readonly Pod[]): Pod[] {
    const matches = newSelectorMatcher(rs.spec.selector);
    const byUid = new Map<string, Pod>();
    for (const pod of claimed) {
      if (this.#pods.get(keyOf(pod))?.metadata.uid === pod.metadata.uid) byUid.set(pod.metadata.uid, pod);
    }
    for (const pod of controlledBy(this.#pods, rs)) {
      if (matches(pod.metadata.labels)) byUid.set(pod.metadata.uid, pod);
    }
    return this.#expectations.observe(rs.metadata.uid, [...byUid.values()]);
  }

  /** Pods of all ReplicaSets of the same Deployment: a rollout's deletions spread over nodes together. */
  #relatedPods(rs: ReplicaSet): readonly Pod[] {
    const owner = controllerOf(rs);
    if (owner === undefined) return controlledBy(this.#pods, rs);
    const siblings = controlledBy(this.#replicaSets, { metadata: owner });
    return siblings.flatMap((sibling) => controlledBy(this.#pods, sibling));
  }

  /** @returns the first failure */
  async #apply(rs: ReplicaSet, plan: ReplicaSetPlan, signal: AbortSignal): Promise<unknown> {
    if (plan.create > 0) {
      const template = rs.spec.template ?? {};
      const outcome = await slowStart(plan.create, () => this.#podControl.create(rs, template, signal));
      return outcome.failure;
    }
    const deletions = plan.delete.map((pod) => this.#podControl.delete(rs, pod, signal));
    const outcomes = await Promise.allSettled(deletions);
    return outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
  }

  async #writeStatus(
    rs: ReplicaSet,
    claimed: readonly Pod[],
    failure: ReplicaFailure | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const observed = this.#observe(rs, claimed);
    const status: ReplicaSetStatus = computeReplicaSetStatus(
      rs,
      observed,
      failure,
      this.#context.clock.now(),
    );
    if (isSameReplicaSetStatus(rs.status, status)) return;
    this.#latest.note(await this.#context.client.updateStatus(REPLICA_SETS, { ...rs, status }, signal));
  }
}

function toReplicaFailure(plan: ReplicaSetPlan, failure: unknown): ReplicaFailure | undefined {
  if (!(failure instanceof StatusError)) return undefined;
  return { reason: plan.create > 0 ? 'FailedCreate' : 'FailedDelete', message: failure.message };
}
