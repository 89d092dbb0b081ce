/**
 * What a Deployment does next: which ReplicaSets to create, resize, annotate and delete, and its status. Pure.
 *
 *     paused or scaled ──► share the size out
 *     RollingUpdate    ──► new up, else old down     (rolling-update.ts)
 *     Recreate         ──► old to 0, wait for their Pods to be gone, new up
 *
 * @see k8s.io/kubernetes/pkg/controller/deployment/deployment_controller.go syncDeployment
 */
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { NewObject } from '../../api/meta.ts';
import {
  type Annotations,
  maxRevision,
  revisionOf,
  sizeAnnotations,
  updatedAnnotations,
} from './annotations.ts';
import { desiredReplicas, isRollingUpdate } from './budget.ts';
import { type Conditions, findCondition, withCondition } from './conditions.ts';
import {
  activeOnes,
  asExisting,
  type Generations,
  newReplicaSet,
  sizeOf,
  toGenerations,
} from './replica-sets.ts';
import { nextSizeOfCurrent, planScaleDownOld, type Resize } from './rolling-update.ts';
import { isScalingEvent, planScaling } from './scaling.ts';
import { countStatus, isComplete, progressDeadlineMs, rolloutStatus, untilDeadlineMs } from './status.ts';

export interface ObservedDeployment {
  /** All that the Deployment controls. */
  replicaSets: readonly ReplicaSet[];
  /** Uids of ReplicaSets with a Pod that exists and has not ended; needed only for Recreate. */
  withPods: ReadonlySet<string>;
}

export type DeploymentAction =
  | { action: 'create'; replicaSet: NewObject<ReplicaSet> }
  /** A new size, new annotations, or a new minReadySeconds. */
  | {
      action: 'update';
      replicaSet: ReplicaSet;
      replicas: number;
      annotations: Annotations;
      minReadySeconds: number;
    }
  | { action: 'delete'; replicaSet: ReplicaSet };

export interface DeploymentPlan {
  /** In this order; each with the version that was observed as its precondition. */
  actions: DeploymentAction[];
  /** The revision to annotate on the Deployment, when that is not there yet. */
  revision?: number;
  status: DeploymentStatus;
  requeueAfterMs?: number;
}

/**
 * One step towards the wanted template and size.
 *
 * Pure; equal inputs give equal plans. A Deployment that is being deleted gets a status and nothing else.
 *
 * @param nowMs  wall time, for conditions and the progress deadline
 */
export function reconcileDeployment(
  deployment: Deployment,
  observed: ObservedDeployment,
  nowMs: number,
): DeploymentPlan {
  const generations = toGenerations(deployment, observed.replicaSets);
  const conditions = deployment.status?.conditions ?? [];
  if (deployment.metadata.deletionTimestamp !== undefined) {
    return { actions: [], status: countStatus(deployment, generations, conditions, nowMs) };
  }
  const draft = new Draft(deployment, generations, pauseConditions(deployment, conditions, nowMs), nowMs);
  if (deployment.spec.paused) return draft.scale();
  if (!isRollingUpdate(deployment)) return draft.recreate(observed.withPods);
  return isScalingEvent(deployment, observed.replicaSets) ? draft.scale() : draft.roll();
}

/** Progressing stands still while paused, unless the deadline was already missed. */
function pauseConditions(deployment: Deployment, conditions: Conditions, nowMs: number): Conditions {
  const current = findCondition(conditions, 'Progressing');
  if (progressDeadlineMs(deployment) === undefined) return conditions;
  if (current?.reason === 'ProgressDeadlineExceeded') return conditions;
  const isMarked = current?.reason === 'DeploymentPaused';
  if (deployment.spec.paused && !isMarked) {
    const facts = { reason: 'DeploymentPaused', message: 'Deployment is paused' };
    return withCondition(conditions, { type: 'Progressing', status: 'Unknown', ...facts }, nowMs);
  }
  if (!deployment.spec.paused && isMarked) {
    const facts = { reason: 'DeploymentResumed', message: 'Deployment is resumed' };
    return withCondition(conditions, { type: 'Progressing', status: 'Unknown', ...facts }, nowMs);
  }
  return conditions;
}

/** A plan in the making: sizes and annotations by ReplicaSet, merged into one update each. */
class Draft {
  readonly #deployment: Deployment;
  readonly #old: readonly ReplicaSet[];
  readonly #nowMs: number;
  #current: ReplicaSet | undefined;
  #created: NewObject<ReplicaSet> | undefined;
  #conditions: Conditions;
  readonly #sizes = new Map<ReplicaSet, number>();
  readonly #annotations = new Map<ReplicaSet, Annotations>();

  constructor(deployment: Deployment, generations: Generations, conditions: Conditions, nowMs: number) {
    this.#deployment = deployment;
    this.#current = generations.current;
    this.#old = generations.old;
    this.#conditions = conditions;
    this.#nowMs = nowMs;
    this.#syncCurrent();
  }

  scale(): DeploymentPlan {
    for (const resize of planScaling(this.#deployment, this.#generations())) this.#resize(resize);
    const deletions = this.#deployment.spec.paused ? this.#expired() : [];
    const status = countStatus(this.#deployment, this.#generations(), this.#conditions, this.#nowMs);
    return this.#finish(status, deletions);
  }

  roll(): DeploymentPlan {
    const current = this.#ensureCurrent();
    const size = nextSizeOfCurrent(this.#deployment, current, this.#old);
    if (this.#created === undefined && size !== sizeOf(current)) {
      this.#resize({ replicaSet: current, to: size });
    } else {
      for (const resize of planScaleDownOld(this.#deployment, current, this.#old)) this.#resize(resize);
    }
    return this.#finishRollout();
  }

  recreate(withPods: ReadonlySet<string>): DeploymentPlan {
    const active = activeOnes(this.#old);
    for (const replicaSet of active) this.#resize({ replicaSet, to: 0 });
    const hasOldPods = this.#old.some(
      (rs) => (rs.status?.replicas ?? 0) > 0 || withPods.has(rs.metadata.uid),
    );
    if (active.length > 0 || hasOldPods) return this.#finishRollout();
    const current = this.#ensureCurrent();
    if (this.#created === undefined) {
      this.#resize({ replicaSet: current, to: desiredReplicas(this.#deployment) });
    }
    return this.#finishRollout();
  }

  /** What is known of the current ReplicaSet is kept up to date, whatever else happens. */
  #syncCurrent(): void {
    const current = this.#current;
    if (current === undefined) return;
    const revision = maxRevision(this.#old) + 1;
    this.#annotations.set(current, updatedAnnotations(this.#deployment, current, revision));
    this.#sizes.set(current, sizeOf(current));
    this.#noteProgress('FoundNewReplicaSet', `Found new replica set "${current.metadata.name}"`, true);
  }

  #ensureCurrent(): ReplicaSet {
    if (this.#current !== undefined) return this.#current;
    const revision = maxRevision(this.#old) + 1;
    const empty = asExisting(newReplicaSet(this.#deployment, revision, 0));
    const size = nextSizeOfCurrent(this.#deployment, empty, this.#old);
    this.#created = newReplicaSet(this.#deployment, revision, size);
    this.#current = asExisting(this.#created);
    this.#noteProgress(
      'NewReplicaSetCreated',
      `Created new replica set "${this.#current.metadata.name}"`,
      false,
    );
    return this.#current;
  }

  #noteProgress(reason: string, message: string, onlyWhenUnknown: boolean): void {
    if (progressDeadlineMs(this.#deployment) === undefined) return;
    if (onlyWhenUnknown && findCondition(this.#conditions, 'Progressing') !== undefined) return;
    const facts = { type: 'Progressing', status: 'True', reason, message } as const;
    this.#conditions = withCondition(this.#conditions, facts, this.#nowMs);
  }

  #generations(): Generations {
    return { current: this.#current, old: this.#old };
  }

  #resize({ replicaSet, to }: Resize): void {
    this.#sizes.set(replicaSet, to);
    const annotations = this.#annotations.get(replicaSet) ?? replicaSet.metadata.annotations ?? {};
    this.#annotations.set(replicaSet, { ...annotations, ...sizeAnnotations(this.#deployment) });
  }

  /** Old ReplicaSets beyond the history limit, oldest revision first; one that is still in use stays. */
  #expired(): ReplicaSet[] {
    const limit = this.#deployment.spec.revisionHistoryLimit;
    if (limit === undefined) return [];
    const kept = this.#old.filter((rs) => rs.metadata.deletionTimestamp === undefined);
    const byRevision = kept.sort((a, b) => revisionOf(a) - revisionOf(b));
    return byRevision.slice(0, Math.max(0, kept.length - limit)).filter(isUnused);
  }

  #finishRollout(): DeploymentPlan {
    const isDone = isComplete(this.#deployment, this.#deployment.status ?? {});
    const status = rolloutStatus(this.#deployment, this.#generations(), this.#conditions, this.#nowMs);
    const plan = this.#finish(status, isDone ? this.#expired() : []);
    const requeueAfterMs = untilDeadlineMs(this.#deployment, status, this.#nowMs);
    return requeueAfterMs === undefined ? plan : { ...plan, requeueAfterMs };
  }

  #finish(status: DeploymentStatus, deletions: readonly ReplicaSet[]): DeploymentPlan {
    const actions: DeploymentAction[] = [];
    if (this.#created !== undefined) actions.push({ action: 'create', replicaSet: this.#created });
    for (const rs of [...(this.#current === undefined ? [] : [this.#current]), ...this.#old]) {
      const update = this.#updateOf(rs);
      if (update !== undefined) actions.push(update);
    }
    for (const replicaSet of deletions) actions.push({ action: 'delete', replicaSet });
    const plan: DeploymentPlan = { actions, status };
    const revision = this.#revision();
    if (revision > 0 && revision !== revisionOf(this.#deployment)) plan.revision = revision;
    return plan;
  }

  #updateOf(rs: ReplicaSet): DeploymentAction | undefined {
    if (this.#created !== undefined && rs === this.#current) return undefined;
    const replicas = this.#sizes.get(rs) ?? sizeOf(rs);
    const annotations = this.#annotations.get(rs) ?? rs.metadata.annotations ?? {};
    const minReadySeconds =
      rs === this.#current ? (this.#deployment.spec.minReadySeconds ?? 0) : (rs.spec.minReadySeconds ?? 0);
    const isSame =
      replicas === sizeOf(rs) &&
      minReadySeconds === (rs.spec.minReadySeconds ?? 0) &&
      isSameAnnotations(annotations, rs.metadata.annotations ?? {});
    return isSame ? undefined : { action: 'update', replicaSet: rs, replicas, annotations, minReadySeconds };
  }

  #revision(): number {
    if (this.#current === undefined) return 0;
    const annotations = this.#annotations.get(this.#current) ?? this.#current.metadata.annotations ?? {};
    return revisionOf({ metadata: { annotations } });
  }
}

function isUnused(rs: ReplicaSet): boolean {
  const observed = rs.status?.observedGeneration ?? 0;
  return sizeOf(rs) === 0 && (rs.status?.replicas ?? 0) === 0 && (rs.metadata.generation ?? 0) <= observed;
}

function isSameAnnotations(a: Annotations, b: Annotations): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
