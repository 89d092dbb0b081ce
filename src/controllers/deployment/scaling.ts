/**
 * A Deployment that was scaled, not changed: within a rollout the new size is shared out in proportion, so that the risk
 * stays spread as it was. Pure.
 * @see k8s.io/kubernetes/pkg/controller/deployment/sync.go scale, util GetReplicaSetProportion
 */
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import { countIn, DESIRED_REPLICAS, MAX_REPLICAS } from './annotations.ts';
import { desiredReplicas, isRollingUpdate, maxSurgeOf } from './budget.ts';
import { activeOnes, compareAge, type Generations, sizeOf, totalSize } from './replica-sets.ts';
import type { Resize } from './rolling-update.ts';

/** True when an active ReplicaSet was last sized for another number than is desired now. */
export function isScalingEvent(deployment: Deployment, replicaSets: readonly ReplicaSet[]): boolean {
  return activeOnes(replicaSets).some((rs) => {
    const wanted = countIn(rs.metadata.annotations, DESIRED_REPLICAS);
    return wanted !== undefined && wanted !== desiredReplicas(deployment);
  });
}

export function planScaling(deployment: Deployment, { current, old }: Generations): Resize[] {
  const desired = desiredReplicas(deployment);
  const all = current === undefined ? old : [...old, current];
  const active = activeOnes(all);
  if (active.length <= 1) {
    const only = active[0] ?? current ?? old.at(-1);
    return only === undefined ? [] : [{ replicaSet: only, to: desired }];
  }
  if (current !== undefined && isSaturated(deployment, current)) {
    return activeOnes(old).map((replicaSet) => ({ replicaSet, to: 0 }));
  }
  return isRollingUpdate(deployment) ? planProportionally(deployment, active) : [];
}

/** The current ReplicaSet is whole: what is left of the old ones can go. */
function isSaturated(deployment: Deployment, current: ReplicaSet): boolean {
  const desired = desiredReplicas(deployment);
  return (
    countIn(current.metadata.annotations, DESIRED_REPLICAS) === desired &&
    sizeOf(current) === desired &&
    (current.status?.availableReplicas ?? 0) === desired
  );
}

/** Larger ones get more; on a tie, newer ones grow first and older ones shrink first. The first takes the rounding. */
function planProportionally(deployment: Deployment, active: readonly ReplicaSet[]): Resize[] {
  const desired = desiredReplicas(deployment);
  const allowed = desired === 0 ? 0 : desired + maxSurgeOf(deployment);
  const toAdd = allowed - totalSize(active);
  const age = toAdd > 0 ? -1 : 1;
  const bySize = [...active].sort((a, b) => sizeOf(b) - sizeOf(a) || age * compareAge(a, b));
  let added = 0;
  const resizes = bySize.map((replicaSet) => {
    const share = shareOf(deployment, replicaSet, toAdd - added);
    added += share;
    return { replicaSet, to: sizeOf(replicaSet) + share };
  });
  const [first] = resizes;
  if (first !== undefined) first.to = Math.max(0, first.to + toAdd - added);
  return resizes;
}

function shareOf(deployment: Deployment, rs: ReplicaSet, left: number): number {
  if (sizeOf(rs) === 0 || left === 0) return 0;
  const fraction = fractionOf(deployment, rs);
  return left > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}

/** How much `rs` would change if it kept its share of the whole. */
function fractionOf(deployment: Deployment, rs: ReplicaSet): number {
  const desired = desiredReplicas(deployment);
  if (desired === 0) return -sizeOf(rs);
  const annotated = countIn(rs.metadata.annotations, MAX_REPLICAS) || (deployment.status?.replicas ?? 0);
  if (annotated === 0) return 0;
  const exact = (sizeOf(rs) * (desired + maxSurgeOf(deployment))) / annotated;
  return Math.round(exact) - sizeOf(rs);
}
