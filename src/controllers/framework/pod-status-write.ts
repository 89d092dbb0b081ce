/**
 * What a controller writes into the status of Pods that a kubelet runs: a condition, and for a Pod whose kubelet is gone
 * its phase. The patch carries the version that was judged, so that it never overwrites what the kubelet has said since.
 */
import type { Pod, PodCondition, PodStatus } from '../../api/generated/core-v1.ts';
import { PODS } from '../../api/resources.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { ApiClient } from '../../client/api-client.ts';

export type PodConditionChange = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;

/**
 * The Pod's conditions with `change` in them; `undefined` when that changes nothing. Pure.
 *
 * @param nowMs  wall time of the transition, when the condition's status changes
 * @see k8s.io/kubernetes/pkg/api/v1/pod UpdatePodCondition
 */
export function withPodCondition(
  pod: Pod,
  change: PodConditionChange,
  nowMs: number,
): PodCondition[] | undefined {
  const conditions = pod.status?.conditions ?? [];
  const old = conditions.find(({ type }) => type === change.type);
  if (old !== undefined && isSame(old, change)) return undefined;
  const { generation } = pod.metadata;
  const kept = old?.status === change.status ? old.lastTransitionTime : undefined;
  const next: PodCondition = {
    ...change,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: kept ?? toTimestamp(nowMs),
  };
  return old === undefined
    ? conditions.concat(next)
    : conditions.map((condition) => (condition === old ? next : condition));
}

function isSame(old: PodCondition, change: PodConditionChange): boolean {
  return (
    old.status === change.status &&
    (old.reason ?? '') === (change.reason ?? '') &&
    (old.message ?? '') === (change.message ?? '')
  );
}

/** Replaces these fields of the Pod's status. @throws StatusError `Conflict` when the Pod has changed since it was read */
export function patchPodStatus(
  client: ApiClient,
  pod: Pod,
  status: Pick<PodStatus, 'conditions' | 'phase'>,
  signal: AbortSignal,
): Promise<Pod> {
  const { name, namespace = '', uid, resourceVersion } = pod.metadata;
  const body = { metadata: { uid, resourceVersion }, status };
  return client.patch(PODS, { namespace, name }, { type: 'merge', body, subresource: 'status' }, signal);
}
