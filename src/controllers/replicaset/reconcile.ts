/** What a ReplicaSet does next. Pure: no clock, no I/O. */
import type { Pod } from '../../api/generated/core-v1.ts';
import { isPodActive, isPodAvailable, readySinceMs } from '../../api/pod-conditions.ts';
import { newDeletionOrder } from './delete-ranking.ts';
import type { Replicator } from './replicator.ts';

/** Creations or deletions in one sync. Source: replicaset.BurstReplicas. */
export const BURST_MAX = 500;

export interface ReplicaSetPlan {
  create: number;
  /** In order: the first is the least worth keeping. */
  delete: Pod[];
  /** Set while a ready Pod is not yet available: time alone will change the status. */
  requeueAfterMs?: number;
}

export interface ObservedReplicaSet {
  /** All that `rs` controls, with what is in flight applied. */
  pods: readonly Pod[];
  /** Active Pods of the same owner's other ReplicaSets and of `rs` itself, for spreading deletions over nodes. */
  related: readonly Pod[];
}

/**
 * Decides which Pods to create or delete so that `rs` has `spec.replicas` active Pods.
 *
 * Pure. Terminating and terminal Pods count as gone. At most {@link BURST_MAX} actions, all creations or all deletions;
 * none when `rs` is being deleted.
 *
 * @param nowMs  wall time; only for `minReadySeconds` and for ranking by age
 * @see Kubernetes ReplicaSet controller, manageReplicas; differs: none
 */
export function reconcileReplicaSet(
  rs: Replicator,
  observed: ObservedReplicaSet,
  nowMs: number,
): ReplicaSetPlan {
  const active = observed.pods.filter(isPodActive);
  const plan: ReplicaSetPlan = { create: 0, delete: [] };
  const requeueAfterMs = untilNextAvailableMs(active, rs.spec.minReadySeconds ?? 0, nowMs);
  if (requeueAfterMs !== undefined) plan.requeueAfterMs = requeueAfterMs;
  if (rs.metadata.deletionTimestamp !== undefined) return plan;
  const surplus = active.length - (rs.spec.replicas ?? 1);
  if (surplus < 0) plan.create = Math.min(-surplus, BURST_MAX);
  if (surplus > 0) {
    const order = newDeletionOrder(crowding(observed.related), nowMs);
    plan.delete = active.sort(order).slice(0, Math.min(surplus, BURST_MAX));
  }
  return plan;
}

function crowding(related: readonly Pod[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const pod of related) {
    if (!isPodActive(pod)) continue;
    const node = pod.spec.nodeName ?? '';
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return counts;
}

function untilNextAvailableMs(
  active: readonly Pod[],
  minReadySeconds: number,
  nowMs: number,
): number | undefined {
  if (minReadySeconds === 0) return undefined;
  let earliest: number | undefined;
  for (const pod of active) {
    const sinceMs = readySinceMs(pod);
    if (sinceMs === undefined || isPodAvailable(pod, minReadySeconds, nowMs)) continue;
    const dueMs = sinceMs + minReadySeconds * 1000 - nowMs;
    earliest = Math.min(earliest ?? dueMs, dueMs);
  }
  return earliest;
}
