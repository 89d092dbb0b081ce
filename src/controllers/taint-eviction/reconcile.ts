/**
 * How long a Pod may stay on a node with NoExecute taints. Pure.
 * @see k8s.io/kubernetes/pkg/controller/tainteviction/taint_eviction.go processPodOnNode
 */
import type { Node, Pod, Taint, Toleration } from '../../api/generated/core-v1.ts';
import { podCondition } from '../../api/pod-conditions.ts';
import { toleratesTaint } from '../../api/taints.ts';
import { parseTimestamp } from '../../base/clock.ts';

export function noExecuteTaints(node: Node): readonly Taint[] {
  return node.spec?.taints?.filter(({ effect }) => effect === 'NoExecute') ?? [];
}

/**
 * For each taint the first toleration that matches it counts, and of those the shortest time.
 *
 * @returns how long, ms: 0 when a taint is not tolerated, infinite when all are tolerated for good or there are none
 */
export function tolerationMs(
  taints: readonly Taint[],
  tolerations: readonly Toleration[] | undefined,
): number {
  let shortestMs = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const used = tolerations?.find((toleration) => toleratesTaint(toleration, taint));
    if (used === undefined) return 0;
    if (used.tolerationSeconds === undefined) continue;
    shortestMs = Math.min(shortestMs, Math.max(0, used.tolerationSeconds * 1000));
  }
  return shortestMs;
}

/**
 * How long the Pod has been on the tainted node, ms, as far as the objects tell: since the first taint, or since the Pod was
 * bound if that was later. 0 when the taints do not tell. So the time runs on across a restart of this controller, where
 * upstream's begins anew.
 *
 * @param nowMs  wall time; times ahead of it count as now
 */
export function taintedForMs(pod: Pod, taints: readonly Taint[], nowMs: number): number {
  const addedMs = taints
    .map(({ timeAdded }) => parseTimestamp(timeAdded))
    .filter((time) => time !== undefined);
  if (addedMs.length === 0) return 0;
  const scheduled = podCondition(pod, 'PodScheduled');
  const boundAt = scheduled?.status === 'True' ? scheduled.lastTransitionTime : undefined;
  const boundMs = parseTimestamp(boundAt ?? pod.metadata.creationTimestamp) ?? nowMs;
  return Math.max(0, nowMs - Math.max(Math.min(...addedMs), boundMs));
}
