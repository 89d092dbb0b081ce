/**
 * One step of a rolling update: the new ReplicaSet up as far as the surge allows, or the old ones down as far as
 * availability allows. Pure.
 *
 * Invariants, whatever the order of steps: sizes sum to at most desired + maxSurge, and what is left of Pods that are
 * available never falls below desired − maxUnavailable by a step of ours.
 * @see k8s.io/kubernetes/pkg/controller/deployment/rolling.go
 */
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import { desiredReplicas, maxSurgeOf, maxUnavailableOf } from './budget.ts';
import { activeOnes, availableOf, compareAge, sizeOf, totalAvailable, totalSize } from './replica-sets.ts';

/** A change of size; `from` equals `to` when only annotations change. */
export interface Resize {
  replicaSet: ReplicaSet;
  to: number;
}

/** The size that the current ReplicaSet may have now. @see NewRSNewReplicas */
export function nextSizeOfCurrent(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): number {
  const desired = desiredReplicas(deployment);
  const size = sizeOf(current);
  if (size >= desired) return desired;
  const room = desired + maxSurgeOf(deployment) - totalSize([...old, current]);
  return room <= 0 ? size : size + Math.min(room, desired - size);
}

/** Scales old ReplicaSets down, Pods that are not available first; empty when that has to wait. */
export function planScaleDownOld(
  deployment: Deployment,
  current: ReplicaSet,
  old: readonly ReplicaSet[],
): Resize[] {
  if (totalSize(old) === 0) return [];
  const minAvailable = desiredReplicas(deployment) - maxUnavailableOf(deployment);
  const currentUnavailable = sizeOf(current) - availableOf(current);
  const removable = totalSize([...old, current]) - minAvailable - currentUnavailable;
  if (removable <= 0) return [];
  const byAge = activeOnes(old).sort(compareAge);
  const sizes = new Map(byAge.map((rs) => [rs, sizeOf(rs)]));
  removeUnavailable(byAge, sizes, removable);
  const spare = totalAvailable([...old, current]) - minAvailable;
  removeAvailable(byAge, sizes, spare);
  return byAge
    .filter((rs) => sizes.get(rs) !== sizeOf(rs))
    .map((replicaSet) => ({ replicaSet, to: sizes.get(replicaSet)! }));
}

/** Pods that serve nobody are no loss, and would otherwise block a rollout that mends them. */
function removeUnavailable(byAge: readonly ReplicaSet[], sizes: Map<ReplicaSet, number>, max: number): void {
  let left = max;
  for (const rs of byAge) {
    const size = sizes.get(rs)!;
    const removed = Math.min(left, size - availableOf(rs));
    sizes.set(rs, size - removed);
    left -= removed;
  }
}

function removeAvailable(byAge: readonly ReplicaSet[], sizes: Map<ReplicaSet, number>, spare: number): void {
  let left = Math.max(0, spare);
  for (const rs of byAge) {
    const size = sizes.get(rs)!;
    const removed = Math.min(left, size);
    sizes.set(rs, size - removed);
    left -= removed;
  }
}
