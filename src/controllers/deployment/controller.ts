/**
 * Drives each Deployment through its ReplicaSets: observe (cache plus own writes) → `reconcileDeployment` → one write per
 * action, each against the version that was observed → revision and status.
 */
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { keyOf, type NewObject, namespaceOf } from '../../api/meta.ts';
import { controllerOf, isControlledBy } from '../../api/owner-references.ts';
import { isPodTerminal } from '../../api/pod-conditions.ts';
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '../../api/resources.ts';
import { newSelectorMatcher } from '../../api/selectors.ts';
import { hasReason, StatusError } from '../../base/status-error.ts';
import type { Informer } from '../../client/informer.ts';
import { applyClaims, planClaims } from '../framework/claim.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { DoubtedOwners } from '../framework/doubted-owners.ts';
import { type Expectations, newExpectations } from '../framework/expectations.ts';
import { type LatestWrites, newLatestWrites } from '../framework/latest-writes.ts';
import { newOwnerListener, ownerKeyOf } from '../framework/owner-events.ts';
import { addControllerIndex, controlledBy, orphansIn } from '../framework/owner-index.ts';
import { isNamespaceTerminating } from '../framework/pod-control.ts';
import { isStillKnown } from '../framework/still-known.ts';
import { UnsureWrites } from '../framework/unsure-writes.ts';
import {
  DEFAULT_RESYNC_MS,
  newWorkerLoop,
  type SyncResult,
  type WorkerLoop,
} from '../framework/worker-loop.ts';
import { REVISION } from './annotations.ts';
import { isRollingUpdate } from './budget.ts';
import { withCondition } from './conditions.ts';
import { type DeploymentAction, type DeploymentPlan, reconcileDeployment } from './reconcile.ts';
import { sizeOf } from './replica-sets.ts';
import { isSameTemplate } from './template-hash.ts';

/** Upstream's --concurrent-deployment-syncs. */
const WORKERS = 5;

export function newDeploymentController(context: ControllerContext): Controller {
  return new DeploymentController(context).loop;
}

class DeploymentController {
  readonly loop: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #deployments: Informer<Deployment>;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations<ReplicaSet>;
  readonly #latestReplicaSets: LatestWrites<ReplicaSet> = newLatestWrites();
  readonly #latest: LatestWrites<Deployment> = newLatestWrites();
  readonly #doubted: DoubtedOwners<Deployment>;
  readonly #unsure: UnsureWrites<ReplicaSet>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#deployments = context.informers.informer(DEPLOYMENTS);
    this.#replicaSets = context.informers.informer(REPLICA_SETS);
    this.#pods = context.informers.informer(PODS);
    this.#doubted = new DoubtedOwners(context.client, DEPLOYMENTS);
    this.#expectations = newExpectations(this.#replicaSets);
    this.#unsure = new UnsureWrites({
      client: context.client,
      resource: REPLICA_SETS,
      onFound: (uid, found) => {
        this.#expectations.created(uid, found);
        this.#latestReplicaSets.note(found);
      },
    });
    this.loop = newWorkerLoop(context, {
      name: 'deployment',
      workers: WORKERS,
      sync: (key, signal) => this.#doubted.watchOver(key, this.#sync(key, signal)),
      informers: [this.#deployments, this.#replicaSets, this.#pods],
      resync: { lister: this.#deployments, intervalMs: DEFAULT_RESYNC_MS },
    });
    addControllerIndex(this.#replicaSets);
    addControllerIndex(this.#pods);
    this.#listen();
  }

  #listen(): void {
    const enqueue = (key: string) => this.loop.enqueue(key);
    this.#deployments.addListener({
      onAdd: (deployment) => enqueue(keyOf(deployment)),
      onUpdate: (deployment) => enqueue(keyOf(deployment)),
      onDelete: (deployment) => {
        this.#expectations.forget(deployment.metadata.uid);
        this.#unsure.forget(deployment.metadata.uid);
        this.#latest.forget(keyOf(deployment));
        this.#doubted.forget(keyOf(deployment));
      },
    });
    this.#replicaSets.addListener(
      newOwnerListener<Deployment, ReplicaSet>({
        ownerResource: DEPLOYMENTS,
        owners: this.#deployments,
        selects: (deployment, rs) => newSelectorMatcher(deployment.spec.selector)(rs.metadata.labels),
        enqueue,
      }),
    );
    this.#replicaSets.addListener({
      onAdd: () => {},
      onUpdate: () => {},
      onDelete: (rs) => this.#latestReplicaSets.forget(keyOf(rs)),
    });
    this.#pods.addListener({
      onAdd: () => {},
      onUpdate: (pod, previous) => {
        if (isPodTerminal(pod) && !isPodTerminal(previous)) this.#enqueueRecreate(pod);
      },
      onDelete: (pod) => this.#enqueueRecreate(pod),
    });
  }

  /** Recreate waits for the last Pod of the old ReplicaSets. */
  #enqueueRecreate(pod: Pod): void {
    const reference = controllerOf(pod);
    const rs =
      reference === undefined ? undefined : this.#replicaSets.get(`${namespaceOf(pod)}/${reference.name}`);
    if (rs === undefined) return;
    const key = ownerKeyOf(rs, { ownerResource: DEPLOYMENTS, owners: this.#deployments });
    const deployment = key === undefined ? undefined : this.#deployments.get(key);
    if (deployment !== undefined && !isRollingUpdate(deployment)) this.loop.enqueue(keyOf(deployment));
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const cached = this.#deployments.get(key);
    if (cached === undefined) return {};
    const deployment = this.#latest.latest(cached);
    if (!(await this.#doubted.isThere(deployment, signal))) return {};
    if (selectsEverything(deployment)) {
      const message = 'This deployment is selecting all pods. A non-empty selector is required.';
      this.#context.recorder.event(deployment, 'Warning', 'SelectingAll', message);
      return {};
    }
    await this.#unsure.settle(deployment, signal);
    const claimed = await this.#claimReplicaSets(deployment, signal);
    if (!isStillKnown(this.#deployments, deployment)) return {};
    const replicaSets = this.#observe(deployment, claimed);
    const withPods = isRollingUpdate(deployment) ? new Set<string>() : this.#withPods(replicaSets);
    const plan = reconcileDeployment(deployment, { replicaSets, withPods }, this.#context.clock.now());
    for (const action of plan.actions) {
      const goesOn = await this.#apply(deployment, plan, action, signal);
      if (!goesOn) return {};
    }
    await this.#writeOwn(deployment, plan, signal);
    return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
  }

  async #claimReplicaSets(deployment: Deployment, signal: AbortSignal): Promise<readonly ReplicaSet[]> {
    const orphans = orphansIn(this.#replicaSets, namespaceOf(deployment));
    const candidates = [...controlledBy(this.#replicaSets, deployment), ...orphans];
    const plan = planClaims(deployment, newSelectorMatcher(deployment.spec.selector), candidates);
    const { client } = this.#context;
    const claim = { client, owner: deployment, ownerResource: DEPLOYMENTS, resource: REPLICA_SETS };
    return applyClaims(claim, plan, signal);
  }

  #observe(deployment: Deployment, claimed: readonly ReplicaSet[]): ReplicaSet[] {
    const byUid = new Map(claimed.map((rs) => [rs.metadata.uid, rs]));
    const matches = newSelectorMatcher(deployment.spec.selector);
    for (const rs of controlledBy(this.#replicaSets, deployment)) {
      if (matches(rs.metadata.labels)) byUid.set(rs.metadata.uid, rs);
    }
    const observed = this.#expectations.observe(deployment.metadata.uid, [...byUid.values()]);
    return observed.map((rs) => this.#latestReplicaSets.latest(rs));
  }

  #withPods(replicaSets: readonly ReplicaSet[]): Set<string> {
    const owners = replicaSets.filter((rs) =>
      controlledBy(this.#pods, rs).some((pod) => !isPodTerminal(pod)),
    );
    return new Set(owners.map((rs) => rs.metadata.uid));
  }

  /** @returns false when the rest of the plan no longer holds; what changed brings the key back */
  async #apply(
    deployment: Deployment,
    plan: DeploymentPlan,
    action: DeploymentAction,
    signal: AbortSignal,
  ): Promise<boolean> {
    switch (action.action) {
      case 'create':
        return this.#create(deployment, plan, action.replicaSet, signal);
      case 'update':
        await this.#update(deployment, action, signal);
        return true;
      case 'delete':
        await this.#delete(action.replicaSet, signal);
        return true;
    }
  }

  async #create(
    deployment: Deployment,
    plan: DeploymentPlan,
    replicaSet: NewObject<ReplicaSet>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { client, recorder } = this.#context;
    const { name = '' } = replicaSet.metadata;
    const creating = this.#unsure.attempt(deployment, name, client.create(REPLICA_SETS, replicaSet, signal));
    const created = await creating.catch(async (error: unknown) => {
      if (!(error instanceof StatusError)) throw error;
      if (hasReason(error, 'AlreadyExists')) return this.#ownNamesake(deployment, replicaSet, signal);
      await this.#reportFailedCreate(deployment, plan, { replicaSet, error }, signal);
      if (isNamespaceTerminating(error)) return undefined;
      throw error;
    });
    if (created === undefined) return false;
    this.#expectations.created(deployment.metadata.uid, created);
    const replicas = replicaSet.spec.replicas ?? 0;
    if (replicas > 0) {
      const message = `Scaled up replica set ${created.metadata.name} from 0 to ${replicas}`;
      recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message);
    }
    return true;
  }

  /**
   * A ReplicaSet of this name exists. Ours with the same template: the cache was behind. Any other: the hash collided, and
   * the next one is computed with a higher count.
   */
  async #ownNamesake(
    deployment: Deployment,
    wanted: NewObject<ReplicaSet>,
    signal: AbortSignal,
  ): Promise<ReplicaSet | undefined> {
    const { namespace = '', name = '' } = wanted.metadata;
    const holder = await this.#context.client.get(REPLICA_SETS, { namespace, name }, signal);
    if (isControlledBy(holder, deployment) && isSameTemplate(holder.spec.template, wanted.spec.template)) {
      return holder;
    }
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await this.#writeStatus(deployment, { ...deployment.status, collisionCount }, signal);
    return undefined;
  }

  async #reportFailedCreate(
    deployment: Deployment,
    plan: DeploymentPlan,
    { replicaSet, error }: { replicaSet: NewObject<ReplicaSet>; error: StatusError },
    signal: AbortSignal,
  ): Promise<void> {
    if (deployment.spec.progressDeadlineSeconds === undefined) return;
    const message = `Failed to create new replica set "${replicaSet.metadata.name}": ${error.message}`;
    const facts = { type: 'Progressing', status: 'False', reason: 'ReplicaSetCreateError', message } as const;
    const conditions = deployment.status?.conditions ?? [];
    const next = withCondition(conditions, facts, this.#context.clock.now());
    if (next === conditions) return;
    const { observedGeneration = 0 } = plan.status;
    await this.#writeStatus(
      deployment,
      { ...deployment.status, observedGeneration, conditions: [...next] },
      signal,
    );
  }

  async #update(
    deployment: Deployment,
    { replicaSet, replicas, annotations, minReadySeconds }: Extract<DeploymentAction, { action: 'update' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const from = sizeOf(replicaSet);
    const next = {
      ...replicaSet,
      metadata: { ...replicaSet.metadata, annotations: { ...annotations } },
      spec: { ...replicaSet.spec, replicas, minReadySeconds },
    };
    const updating = this.#context.client.update(REPLICA_SETS, next, signal);
    const updated = await this.#unsure.attempt(deployment, next.metadata.name, updating);
    this.#latestReplicaSets.note(updated);
    if (from === replicas) return;
    const direction = replicas > from ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${replicaSet.metadata.name} from ${from} to ${replicas}`;
    this.#context.recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message);
  }

  async #delete({ metadata }: ReplicaSet, signal: AbortSignal): Promise<void> {
    const { name, namespace = '', uid, resourceVersion } = metadata;
    const preconditions = { uid, resourceVersion };
    await this.#context.client
      .delete(REPLICA_SETS, { namespace, name }, { propagationPolicy: 'Background', preconditions }, signal)
      .catch((error: unknown) => {
        if (!hasReason(error, 'NotFound')) throw error;
      });
  }

  async #writeOwn(deployment: Deployment, plan: DeploymentPlan, signal: AbortSignal): Promise<void> {
    let latest = deployment;
    if (plan.revision !== undefined) {
      const annotations = { ...deployment.metadata.annotations, [REVISION]: String(plan.revision) };
      const metadata = { ...deployment.metadata, annotations };
      latest = await this.#context.client.update(DEPLOYMENTS, { ...deployment, metadata }, signal);
      this.#latest.note(latest);
    }
    if (!isSameStatus(deployment.status, plan.status)) await this.#writeStatus(latest, plan.status, signal);
  }

  async #writeStatus(deployment: Deployment, status: DeploymentStatus, signal: AbortSignal): Promise<void> {
    this.#latest.note(
      await this.#context.client.updateStatus(DEPLOYMENTS, { ...deployment, status }, signal),
    );
  }
}

function selectsEverything({ spec }: Deployment): boolean {
  const { matchLabels = {}, matchExpressions = [] } = spec.selector;
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

/** Absent counts are zero, as they are left out on the wire; the order of conditions says nothing. */
function isSameStatus(a: DeploymentStatus | undefined, b: DeploymentStatus): boolean {
  return a !== undefined && canonical(a) === canonical(b);
}

function canonical({ conditions = [], ...counts }: DeploymentStatus): string {
  const nonZero = Object.entries(counts).filter(([, count]) => count !== 0);
  const sorted = [...conditions].sort((x, y) => (x.type < y.type ? -1 : 1));
  const facts = sorted.map((condition) => Object.entries(condition).sort(([x], [y]) => (x < y ? -1 : 1)));
  return JSON.stringify([nonZero.sort(([x], [y]) => (x < y ? -1 : 1)), facts]);
}
