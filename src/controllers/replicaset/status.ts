/** A ReplicaSet's status from its Pods. Pure. @see pkg/controller/replicaset/replica_set_utils.go calculateStatus */
import type { ReplicaSetCondition, ReplicaSetStatus } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { isPodAvailable, isPodReady, isPodTerminal, isPodTerminating } from '../../api/pod-conditions.ts';
import { newEqualityMatcher } from '../../api/selectors.ts';
import { toTimestamp } from '../../base/clock.ts';
import type { Replicator } from './replicator.ts';

/** What went wrong in this sync, for the condition `ReplicaFailure`. */
export interface ReplicaFailure {
  reason: 'FailedCreate' | 'FailedDelete';
  message: string;
}

export function computeReplicaSetStatus(
  rs: Replicator,
  pods: readonly Pod[],
  failure: ReplicaFailure | undefined,
  nowMs: number,
): ReplicaSetStatus {
  const templateLabels = rs.spec.template?.metadata?.labels;
  const isFullyLabeled =
    Object.keys(templateLabels ?? {}).length === 0 ? () => true : newEqualityMatcher(templateLabels);
  const minReadySeconds = rs.spec.minReadySeconds ?? 0;
  const conditions = nextConditions(rs.status?.conditions ?? [], failure, nowMs);
  const counts = { replicas: 0, fullyLabeled: 0, ready: 0, available: 0, terminating: 0 };
  for (const pod of pods) {
    if (isPodTerminal(pod)) continue;
    if (isPodTerminating(pod)) {
      counts.terminating++;
      continue;
    }
    counts.replicas++;
    if (isFullyLabeled(pod.metadata.labels)) counts.fullyLabeled++;
    if (!isPodReady(pod)) continue;
    counts.ready++;
    if (minReadySeconds === 0 || isPodAvailable(pod, minReadySeconds, nowMs)) counts.available++;
  }
  return {
    replicas: counts.replicas,
    fullyLabeledReplicas: counts.fullyLabeled,
    readyReplicas: counts.ready,
    availableReplicas: counts.available,
    // A ReplicationController has no such field.
    ...(rs.kind === 'ReplicaSet' ? { terminatingReplicas: counts.terminating } : {}),
    observedGeneration: rs.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** The first failure stays until a sync succeeds: a later message alone changes nothing. */
function nextConditions(
  conditions: readonly ReplicaSetCondition[],
  failure: ReplicaFailure | undefined,
  nowMs: number,
): ReplicaSetCondition[] {
  const current = conditions.find((condition) => condition.type === 'ReplicaFailure');
  const others = conditions.filter((condition) => condition !== current);
  if (failure === undefined) return others;
  if (current !== undefined) return [...conditions];
  const lastTransitionTime = toTimestamp(nowMs);
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime, ...failure }];
}

/** Compares only what the controller writes; absent counts are zero, as they are left out on the wire. */
export function isSameReplicaSetStatus(a: ReplicaSetStatus | undefined, b: ReplicaSetStatus): boolean {
  if (a === undefined) return false;
  return (
    a.replicas === b.replicas &&
    (a.fullyLabeledReplicas ?? 0) === (b.fullyLabeledReplicas ?? 0) &&
    (a.readyReplicas ?? 0) === (b.readyReplicas ?? 0) &&
    (a.availableReplicas ?? 0) === (b.availableReplicas ?? 0) &&
    (a.terminatingReplicas ?? 0) === (b.terminatingReplicas ?? 0) &&
    (a.observedGeneration ?? 0) === (b.observedGeneration ?? 0) &&
    JSON.stringify(a.conditions ?? []) === JSON.stringify(b.conditions ?? [])
  );
}
