/**
 * Keeps each ReplicaSet at its number of Pods: observe (cache plus own writes in flight) → `reconcileReplicaSet` → create
 * in growing batches or delete → status.
 */
import type { ReplicaSetStatus } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { keyOf, namespaceOf } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { isPodActive } from '../../api/pod-conditions.ts';
import { PODS } from '../../api/resources.ts';
import { type LabelMatcher, newSelectorMatcher } from '../../api/selectors.ts';
import { StatusError } from '../../base/status-error.ts';
import type { Informer } from '../../client/informer.ts';
import { applyClaims, planClaims } from '../framework/claim.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { DoubtedOwners } from '../framework/doubted-owners.ts';
import { type Expectations, newExpectations } from '../framework/expectations.ts';
import { type LatestWrites, newLatestWrites } from '../framework/latest-writes.ts';
import { newOwnerListener } from '../framework/owner-events.ts';
import { addControllerIndex, controlledBy, orphansIn } from '../framework/owner-index.ts';
import { isNamespaceTerminating, newPodControl, type PodControl } from '../framework/pod-control.ts';
import { slowStart } from '../framework/slow-start.ts';
import { isStillKnown } from '../framework/still-known.ts';
import {
  DEFAULT_RESYNC_MS,
  newWorkerLoop,
  type SyncResult,
  type WorkerLoop,
} from '../framework/worker-loop.ts';
import { changesReplicaSet } from './consequence.ts';
import { type ObservedReplicaSet, type ReplicaSetPlan, reconcileReplicaSet } from './reconcile.ts';
import {
  REPLICA_SET_KIND,
  REPLICATION_CONTROLLER_KIND,
  type Replicator,
  type ReplicatorKind,
} from './replicator.ts';
import { computeReplicaSetStatus, isSameReplicaSetStatus, type ReplicaFailure } from './status.ts';

/** Upstream's --concurrent-replicaset-syncs and --concurrent-rc-syncs. */
const WORKERS = 5;

export function newReplicaSetController(context: ControllerContext): Controller {
  return new ReplicatorController(context, REPLICA_SET_KIND).loop;
}

export function newReplicationController(context: ControllerContext): Controller {
  return new ReplicatorController(context, REPLICATION_CONTROLLER_KIND).loop;
}

class ReplicatorController<T extends Replicator> {
  readonly loop: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #kind: ReplicatorKind<T>;
  readonly #replicaSets: Informer<T>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations<Pod>;
  readonly #latest: LatestWrites<T> = newLatestWrites();
  readonly #doubted: DoubtedOwners<T>;
  readonly #podControl: PodControl;

  constructor(context: ControllerContext, kind: ReplicatorKind<T>) {
    this.#context = context;
    this.#kind = kind;
    this.#replicaSets = context.informers.informer(kind.resource);
    this.#pods = context.informers.informer(PODS);
    this.#expectations = newExpectations(this.#pods);
    this.#doubted = new DoubtedOwners(context.client, kind.resource);
    this.#podControl = newPodControl({ ...context, expectations: this.#expectations });
    this.loop = newWorkerLoop(context, {
      name: kind.name,
      workers: WORKERS,
      sync: (key, signal) => this.#doubted.watchOver(key, this.#sync(key, signal)),
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
        this.#doubted.forget(keyOf(rs));
      },
    });
    this.#pods.addListener(
      newOwnerListener<T, Pod>({
        ownerResource: this.#kind.resource,
        owners: this.#replicaSets,
        selects: (rs, pod) => this.#matcherOf(rs)(pod.metadata.labels),
        enqueue,
        isOfConsequence: changesReplicaSet,
      }),
    );
  }

  #matcherOf(rs: T): LabelMatcher {
    return newSelectorMatcher(this.#kind.selectorOf(rs));
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const cached = this.#replicaSets.get(key);
    if (cached === undefined) return {};
    const rs = this.#latest.latest(cached);
    if (!(await this.#doubted.isThere(rs, signal))) return {};
    const matches = this.#matcherOf(rs);
    const adopted = await this.#claimPods(rs, matches, signal);
    if (!isStillKnown(this.#replicaSets, rs)) return {};
    const observe = () => this.#observe(rs, matches, adopted);
    const relatedPods = () => this.#relatedPods(rs);
    const observed: ObservedReplicaSet = {
      pods: observe(),
      get related() {
        return relatedPods();
      },
    };
    const plan = reconcileReplicaSet(rs, observed, this.#context.clock.now());
    const failure = await this.#apply(rs, plan, signal);
    await this.#writeStatus(rs, observe(), toReplicaFailure(plan, failure), signal);
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
    return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
  }

  /** @returns what was just adopted: the cache does not show it as controlled yet */
  async #claimPods(rs: T, matches: LabelMatcher, signal: AbortSignal): Promise<readonly Pod[]> {
    const orphans = orphansIn(this.#pods, namespaceOf(rs)).filter(isPodActive);
    const controlled = controlledBy(this.#pods, rs);
    const plan = planClaims(rs, matches, orphans.length === 0 ? controlled : [...controlled, ...orphans]);
    if (plan.adopt.length + plan.release.length === 0) return [];
    const { client } = this.#context;
    const claim = { client, owner: rs, ownerResource: this.#kind.resource, resource: PODS };
    const claimed = await applyClaims(claim, plan, signal);
    return claimed.slice(plan.owned.length);
  }

  /** The cache as it is at this moment, what was just adopted, and what is in flight. */
  #observe(rs: T, matches: LabelMatcher, adopted: readonly Pod[]): Pod[] {
    const controlled = controlledBy(this.#pods, rs).filter(({ metadata }) => matches(metadata.labels));
    const known = new Set(adopted.length === 0 ? [] : controlled.map(({ metadata }) => metadata.uid));
    const added = adopted.filter((pod) => {
      const { uid } = pod.metadata;
      return !known.has(uid) && this.#pods.get(keyOf(pod))?.metadata.uid === uid;
    });
    return this.#expectations.observe(rs.metadata.uid, [...added, ...controlled]);
  }

  /** Pods of all ReplicaSets of the same Deployment: a rollout's deletions spread over nodes together. */
  #relatedPods(rs: T): readonly Pod[] {
    const owner = controllerOf(rs);
    if (owner === undefined) return controlledBy(this.#pods, rs);
    const siblings = controlledBy(this.#replicaSets, { metadata: owner });
    return siblings.flatMap((sibling) => controlledBy(this.#pods, sibling));
  }

  /** @returns the first failure */
  async #apply(rs: T, plan: ReplicaSetPlan, signal: AbortSignal): Promise<unknown> {
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
    rs: T,
    observed: readonly Pod[],
    failure: ReplicaFailure | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const nowMs = this.#context.clock.now();
    const status: ReplicaSetStatus = computeReplicaSetStatus(rs, observed, failure, nowMs);
    if (isSameReplicaSetStatus(rs.status, status)) return;
    this.#latest.note(
      await this.#context.client.updateStatus(this.#kind.resource, { ...rs, status }, signal),
    );
  }
}

function toReplicaFailure(plan: ReplicaSetPlan, failure: unknown): ReplicaFailure | undefined {
  if (!(failure instanceof StatusError)) return undefined;
  return { reason: plan.create > 0 ? 'FailedCreate' : 'FailedDelete', message: failure.message };
}
