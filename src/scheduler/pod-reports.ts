/** What the scheduler writes into the status of Pods: that they cannot be scheduled, where they will be, that they must go. */
import type { Pod, PodCondition } from '../api/generated/core-v1.ts';
import { namespaceOf } from '../api/meta.ts';
import { podCondition } from '../api/pod-conditions.ts';
import { PODS } from '../api/resources.ts';
import { toTimestamp } from '../base/clock.ts';
import type { ApiClient } from '../client/api-client.ts';
import { SCHEDULER_NAME } from './defaults.ts';
import { PREEMPTION_REASON } from './preemption/plan-preemption.ts';

export interface PodStatusChange {
  condition?: Omit<PodCondition, 'lastTransitionTime'>;
  /** Empty: none any more. */
  nominatedNodeName?: string;
}

export function unschedulableCondition(message: string): NonNullable<PodStatusChange['condition']> {
  return { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
}

export function preemptedCondition(preemptor: Pod): NonNullable<PodStatusChange['condition']> {
  const by = preemptor.spec.schedulerName ?? SCHEDULER_NAME;
  const message = `${by}: preempting to accommodate a higher priority pod`;
  return { type: 'DisruptionTarget', status: 'True', reason: PREEMPTION_REASON, message };
}

/** What of `change` is not in the Pod's status yet, as a patch's `status`; `undefined` when all of it is. Pure. */
export function statusPatch(pod: Pod, change: PodStatusChange, nowMs: number): object | undefined {
  const { condition, nominatedNodeName } = change;
  const before = condition && podCondition(pod, condition.type);
  const isSame =
    before?.status === condition?.status &&
    before?.reason === condition?.reason &&
    before?.message === condition?.message;
  const renominated =
    nominatedNodeName !== undefined && nominatedNodeName !== (pod.status?.nominatedNodeName ?? '');
  if (isSame && !renominated) return undefined;
  const kept = before?.status === condition?.status ? before?.lastTransitionTime : undefined;
  return {
    ...(isSame ? {} : { conditions: [{ ...condition, lastTransitionTime: kept ?? toTimestamp(nowMs) }] }),
    ...(renominated ? { nominatedNodeName: nominatedNodeName || null } : {}),
  };
}

/** @throws StatusError `Conflict` when another Pod has the name */
export async function patchPodStatus(
  client: ApiClient,
  pod: Pod,
  status: object | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (status === undefined) return;
  const target = { namespace: namespaceOf(pod), name: pod.metadata.name };
  const body = { metadata: { uid: pod.metadata.uid }, status };
  await client.patch(PODS, target, { type: 'strategic', body, subresource: 'status' }, signal);
}
