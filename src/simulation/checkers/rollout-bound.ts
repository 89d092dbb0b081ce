/**
 * A rolling update stays within its bounds: what its ReplicaSets want together is never raised above desired + maxSurge,
 * and never lowered so far that, with what is missing of the newest one, fewer than desired − maxUnavailable are left.
 * Judged at the very write that changes a size, by what is durable; what a stale copy may still show counts in its favour.
 */
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import { DEPLOYMENTS, REPLICA_SETS } from '../../api/resources.ts';
import type { ObjectCommitted, ProcessChanged } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { HeldBound, STALE_MAX_MS } from './held-bound.ts';
import { DEPLOYMENTS_PREFIX, REPLICA_SETS_PREFIX } from './storage-prefixes.ts';

export const newRolloutBoundChecker: CheckerFactory = (cluster, report) => {
  const book = new RolloutBook(cluster, report);
  return {
    onEvent(event) {
      if (event.kind === 'process') book.onProcess(event, event.atMs);
      if (event.kind !== 'commit') return;
      if (event.key.startsWith(REPLICA_SETS_PREFIX)) book.onReplicaSet(event, event.atMs);
      else if (event.key.startsWith(DEPLOYMENTS_PREFIX)) book.onDeployment(event, event.atMs);
    },
  };
};

interface Rollout {
  readonly name: string;
  readonly most: HeldBound;
  readonly least: HeldBound;
  /** By uid. */
  readonly sets: Map<string, Member>;
}

interface Member {
  size: number;
  revision: number;
  /** For how many Pods in all it was sized last. */
  sizedFor: string;
  readonly available: HeldBound;
}

class RolloutBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** By uid of the Deployment. Bounded by the Deployments that exist. */
  readonly #rollouts = new Map<string, Rollout>();
  /** Until then a write of a controller that died may still come in. */
  #leftBehindUntilMs = 0;

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
    const nowMs = cluster.world.clock.now();
    for (const deployment of cluster.world.objects(DEPLOYMENTS)) this.#follow(deployment, nowMs);
    for (const rs of cluster.world.objects(REPLICA_SETS)) {
      this.#rolloutOf(rs)?.sets.set(rs.metadata.uid, this.#newMember(rs));
    }
  }

  onDeployment({ type, object }: ObjectCommitted, nowMs: number): void {
    const deployment = object as unknown as Deployment;
    if (type === 'delete') this.#rollouts.delete(deployment.metadata.uid);
    else this.#follow(deployment, nowMs);
  }

  onReplicaSet({ type, object }: ObjectCommitted, nowMs: number): void {
    const rs = object as unknown as ReplicaSet;
    const rollout = this.#rolloutOf(rs);
    if (rollout === undefined) return;
    const { uid } = rs.metadata;
    const member = rollout.sets.get(uid);
    if (type === 'delete') {
      rollout.sets.delete(uid);
      return;
    }
    if (member === undefined) {
      rollout.sets.set(uid, this.#newMember(rs));
      // One that was there before is adopted, with whatever size it had, and an empty one adds to nothing.
      const isAdopted = this.#cluster.scale.most(uid, nowMs) !== undefined;
      if (sizeOf(rs) > 0 && !isAdopted) this.#judgeGrowth(rollout, rs, nowMs);
      return;
    }
    member.available.set(rs.status?.availableReplicas ?? 0, nowMs);
    const before = { ...member };
    Object.assign(member, factsOf(rs));
    if (member.size > before.size) this.#judgeGrowth(rollout, rs, nowMs);
    // Sized anew because the Deployment was scaled: shared out in proportion, whatever is available.
    const isScaled = member.sizedFor !== before.sizedFor;
    if (member.size < before.size && !isScaled) this.#judgeShrinking(rollout, rs, nowMs);
  }

  /** A controller dies, and the server with what it works on lives on. */
  onProcess({ process, what }: ProcessChanged, nowMs: number): void {
    const isEnd = what === 'killed' || what === 'broken' || what === 'stopped';
    if (isEnd && process.endsWith('/controllers')) this.#leftBehindUntilMs = nowMs + STALE_MAX_MS;
  }

  #judgeGrowth({ name, sets, most }: Rollout, rs: ReplicaSet, nowMs: number): void {
    const total = totalOf(sets);
    const allowed = most.at(nowMs);
    if (total <= allowed || nowMs <= this.#leftBehindUntilMs) return;
    this.#report(
      `Deployment ${name} may have ${allowed} Pods; with ${sizeOf(rs)} in ${keyOf(rs)} it wants ${total}`,
    );
  }

  #judgeShrinking({ name, sets, least }: Rollout, rs: ReplicaSet, nowMs: number): void {
    const newest = [...sets.values()].reduce((a, b) => (b.revision > a.revision ? b : a));
    if (newest === sets.get(rs.metadata.uid)) return;
    const missing = Math.max(0, newest.size - newest.available.at(nowMs));
    const left = totalOf(sets) - missing;
    const needed = least.at(nowMs);
    if (left >= needed || nowMs <= this.#leftBehindUntilMs) return;
    this.#report(
      `Deployment ${name} needs ${needed} available Pods; ${keyOf(rs)} was lowered to ${sizeOf(rs)}, which leaves ${left}`,
    );
  }

  #follow(deployment: Deployment, nowMs: number): void {
    const { most, least } = boundsOf(deployment);
    const { uid } = deployment.metadata;
    const rollout = this.#rollouts.get(uid);
    rollout?.most.set(most, nowMs);
    rollout?.least.set(least, nowMs);
    if (rollout !== undefined) return;
    this.#rollouts.set(uid, {
      name: keyOf(deployment),
      most: new HeldBound(this.#cluster.calm, Math.max, most),
      least: new HeldBound(this.#cluster.calm, Math.min, least),
      sets: new Map(),
    });
  }

  #rolloutOf(rs: ReplicaSet): Rollout | undefined {
    const owner = controllerOf(rs);
    return owner?.kind === 'Deployment' ? this.#rollouts.get(owner.uid) : undefined;
  }

  #newMember(rs: ReplicaSet): Member {
    const available = new HeldBound(this.#cluster.calm, Math.max, rs.status?.availableReplicas ?? 0);
    return { ...factsOf(rs), available };
  }
}

function totalOf(sets: ReadonlyMap<string, Member>): number {
  return [...sets.values()].reduce((sum, { size }) => sum + size, 0);
}

function sizeOf({ spec }: ReplicaSet): number {
  return spec.replicas ?? 1;
}

function factsOf(rs: ReplicaSet): Pick<Member, 'size' | 'revision' | 'sizedFor'> {
  const annotations = rs.metadata.annotations ?? {};
  const revision = Number(annotations['deployment.kubernetes.io/revision'] ?? 0);
  return {
    size: sizeOf(rs),
    revision,
    sizedFor: annotations['deployment.kubernetes.io/desired-replicas'] ?? '',
  };
}

/**
 * 10 Pods, `maxSurge: 25%` (rounded up), `maxUnavailable: 25%` (down): at most 13, at least 8.
 * @see k8s.io/kubernetes/pkg/controller/deployment/util ResolveFenceposts
 */
function boundsOf({ spec }: Deployment): { most: number; least: number } {
  const desired = spec.replicas ?? 1;
  if (spec.strategy?.type === 'Recreate') return { most: desired, least: 0 };
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const surge = countOf(maxSurge, desired, Math.ceil);
  const missing = countOf(maxUnavailable, desired, Math.floor);
  const mayMiss = surge === 0 && missing === 0 ? 1 : missing;
  return { most: desired + surge, least: Math.max(0, desired - mayMiss) };
}

function countOf(value: number | string, total: number, round: (exact: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseInt(value, 10) * total) / 100);
}
