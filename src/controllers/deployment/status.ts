/**
 * A Deployment's status from its ReplicaSets, and how its rollout fares against the progress deadline. Pure.
 * @see k8s.io/kubernetes/pkg/controller/deployment/progress.go, sync.go calculateStatus
 */
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/generated/apps-v1.ts';
import { parseTimestamp } from '../../base/clock.ts';
import { desiredReplicas, maxUnavailableOf } from './budget.ts';
import {
  type Conditions,
  findCondition,
  withCondition,
  withoutCondition,
  withRenewedCondition,
} from './conditions.ts';
import { type Generations, totalSize } from './replica-sets.ts';

/** The largest int32 means: no deadline. */
const NO_DEADLINE_SECONDS = 2 ** 31 - 1;

export function progressDeadlineMs(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds === undefined || seconds === NO_DEADLINE_SECONDS ? undefined : seconds * 1000;
}

/** Counts and the condition Available; `conditions` are those decided so far. */
export function countStatus(
  deployment: Deployment,
  { current, old }: Generations,
  conditions: Conditions,
  nowMs: number,
): DeploymentStatus {
  const all = current === undefined ? old : [...old, current];
  const sum = (count: (status: NonNullable<ReplicaSet['status']>) => number | undefined): number =>
    all.reduce((total, rs) => total + (rs.status === undefined ? 0 : (count(rs.status) ?? 0)), 0);
  const availableReplicas = sum((status) => status.availableReplicas);
  const collisionCount = deployment.status?.collisionCount;
  const isAvailable = availableReplicas >= desiredReplicas(deployment) - maxUnavailableOf(deployment);
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum((status) => status.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum((status) => status.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, totalSize(all) - availableReplicas),
    terminatingReplicas: sum((status) => status.terminatingReplicas),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...withCondition(conditions, isAvailable ? AVAILABLE : UNAVAILABLE, nowMs)],
  };
}

const AVAILABLE = {
  type: 'Available',
  status: 'True',
  reason: 'MinimumReplicasAvailable',
  message: 'Deployment has minimum availability.',
} as const;

const UNAVAILABLE = {
  type: 'Available',
  status: 'False',
  reason: 'MinimumReplicasUnavailable',
  message: 'Deployment does not have minimum availability.',
} as const;

/** All Pods are of the current template, all are available, and none of the old ones is left. @see DeploymentComplete */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = desiredReplicas(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** More updated, ready or available Pods than before, or fewer old ones. @see DeploymentProgressing */
function isProgressing(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const oldPods = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas;
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldPods(after) < oldPods(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(conditions: Conditions, deadlineMs: number, nowMs: number): boolean {
  const condition = findCondition(conditions, 'Progressing');
  if (condition === undefined || condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  const sinceMs = parseTimestamp(condition.lastUpdateTime) ?? nowMs;
  return sinceMs + deadlineMs < nowMs;
}

/** The status of a rollout: counts, Progressing by the deadline, ReplicaFailure from the ReplicaSets. */
export function rolloutStatus(
  deployment: Deployment,
  generations: Generations,
  conditions: Conditions,
  nowMs: number,
): DeploymentStatus {
  const status = countStatus(deployment, generations, conditions, nowMs);
  let next: Conditions = status.conditions ?? [];
  const deadlineMs = progressDeadlineMs(deployment);
  if (deadlineMs === undefined) {
    next = withoutCondition(next, 'Progressing');
  } else {
    next = progressConditions(deployment, { status, current: generations.current, conditions: next }, nowMs);
  }
  return { ...status, conditions: [...withReplicaFailure(next, generations, nowMs)] };
}

interface Rollout {
  status: DeploymentStatus;
  current: ReplicaSet | undefined;
  conditions: Conditions;
}

function progressConditions(deployment: Deployment, rollout: Rollout, nowMs: number): Conditions {
  const { status, current, conditions } = rollout;
  const condition = findCondition(conditions, 'Progressing');
  const isOver = status.replicas === status.updatedReplicas && condition?.reason === 'NewReplicaSetAvailable';
  if (isOver) return conditions;
  const subject =
    current === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${current.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    const facts = { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message } as const;
    return withCondition(conditions, facts, nowMs);
  }
  if (isProgressing(deployment.status ?? {}, status)) {
    const message = `${subject} is progressing.`;
    const facts = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message } as const;
    return withRenewedCondition(conditions, facts, nowMs);
  }
  if (isTimedOut(conditions, progressDeadlineMs(deployment) ?? 0, nowMs)) {
    const message = `${subject} has timed out progressing.`;
    const facts = {
      type: 'Progressing',
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message,
    } as const;
    return withCondition(conditions, facts, nowMs);
  }
  return conditions;
}

/** The current ReplicaSet's failure counts before those of old ones. */
function withReplicaFailure(
  conditions: Conditions,
  { current, old }: Generations,
  nowMs: number,
): Conditions {
  const failures = [...old, ...(current === undefined ? [] : [current])]
    .map((rs) => rs.status?.conditions?.find(({ type }) => type === 'ReplicaFailure'))
    .filter((condition) => condition !== undefined);
  const failure = failures.at(-1);
  if (failure === undefined) return withoutCondition(conditions, 'ReplicaFailure');
  const { reason = '', message = '' } = failure;
  const status = failure.status === 'True' ? 'True' : 'False';
  return withCondition(conditions, { type: 'ReplicaFailure', status, reason, message }, nowMs);
}

/** When time alone may change the status: just after the deadline. Undefined when no rollout runs. */
export function untilDeadlineMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | undefined {
  const deadlineMs = progressDeadlineMs(deployment);
  const condition = findCondition(status.conditions ?? [], 'Progressing');
  if (deadlineMs === undefined || condition === undefined || isComplete(deployment, status)) return undefined;
  const { reason } = condition;
  if (reason === 'ProgressDeadlineExceeded' || reason === 'NewReplicaSetAvailable') return undefined;
  const sinceMs = parseTimestamp(condition.lastUpdateTime) ?? nowMs;
  return Math.max(1000, sinceMs + deadlineMs - nowMs + 1000);
}
