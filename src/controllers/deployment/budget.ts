/**
 * How far a rolling update may go above and below the desired number of Pods.
 * @see deployment_util.go ResolveFenceposts, MaxUnavailable, MaxSurge
 */
import type { Deployment } from '../../api/generated/apps-v1.ts';
import { resolveIntOrPercent } from '../../api/int-or-percent.ts';

export function desiredReplicas(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1;
}

export function isRollingUpdate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type !== 'Recreate';
}

/** Pods above the desired number; percentages are rounded up. 0 unless rolling. */
export function maxSurgeOf(deployment: Deployment): number {
  if (!isRollingUpdate(deployment)) return 0;
  return fenceposts(deployment).maxSurge;
}

/** Pods that may be missing; percentages are rounded down. 0 unless rolling, and never more than desired. */
export function maxUnavailableOf(deployment: Deployment): number {
  const desired = desiredReplicas(deployment);
  if (!isRollingUpdate(deployment) || desired === 0) return 0;
  return Math.min(fenceposts(deployment).maxUnavailable, desired);
}

/** Both rounded to 0 would block the rollout for ever: then one may be missing. */
function fenceposts(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  const desired = desiredReplicas(deployment);
  const { maxSurge, maxUnavailable } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = resolveIntOrPercent(maxSurge, desired, 'up');
  const unavailable = resolveIntOrPercent(maxUnavailable, desired, 'down');
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}
