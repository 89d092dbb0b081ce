/** Conditions of a Deployment as a list that is never changed in place. @see deployment_util.go SetDeploymentCondition */
import type { DeploymentCondition } from '../../api/generated/apps-v1.ts';
import { toTimestamp } from '../../base/clock.ts';

export type Conditions = readonly DeploymentCondition[];

export interface ConditionFacts {
  type: 'Progressing' | 'Available' | 'ReplicaFailure';
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
}

export function findCondition(
  conditions: Conditions,
  type: ConditionFacts['type'],
): DeploymentCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

export function withoutCondition(conditions: Conditions, type: ConditionFacts['type']): Conditions {
  return conditions.filter((condition) => condition.type !== type);
}

/** A condition that says the same (status and reason) keeps its times and its message. */
export function withCondition(conditions: Conditions, facts: ConditionFacts, nowMs: number): Conditions {
  const current = findCondition(conditions, facts.type);
  if (current?.status === facts.status && current.reason === facts.reason) return conditions;
  return withRenewedCondition(conditions, facts, nowMs);
}

/** As {@link withCondition}, but also a condition that says the same is updated now: progress was made. */
export function withRenewedCondition(
  conditions: Conditions,
  facts: ConditionFacts,
  nowMs: number,
): Conditions {
  const current = findCondition(conditions, facts.type);
  const now = toTimestamp(nowMs);
  const lastTransitionTime = current?.status === facts.status ? (current.lastTransitionTime ?? now) : now;
  return [...withoutCondition(conditions, facts.type), { ...facts, lastUpdateTime: now, lastTransitionTime }];
}
