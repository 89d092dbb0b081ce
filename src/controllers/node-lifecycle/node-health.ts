/**
 * What a node's silence says of it. Pure.
 *
 *     reported ──(silent for the grace period)──► every condition Unknown ──(its kubelet reports)──► as reported
 *
 * Only the kubelet makes a node ready again: a lease that is renewed after the node was declared unknown changes nothing.
 *
 * @see k8s.io/kubernetes/pkg/controller/nodelifecycle tryUpdateNodeHealth
 */
import type { Node, NodeCondition } from '../../api/generated/core-v1.ts';
import { toTimestamp } from '../../base/clock.ts';
import { GRACE_PERIOD_MS, STARTUP_GRACE_PERIOD_MS } from './defaults.ts';

/** Of the conditions that a kubelet reports, those that its silence makes unknown. */
const REPORTED_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** The status of condition Ready; `undefined` for a node that has never reported. */
export type Readiness = 'True' | 'False' | 'Unknown' | undefined;

export interface NodeHealthPlan {
  /** Set when the node's conditions must be written. */
  conditions?: NodeCondition[];
  /** It was ready until now: say so, and take its Pods out of service. */
  becameNotReady: boolean;
  /** Until the silence would be too long; absent once it is. */
  requeueAfterMs?: number;
}

export function readinessOf(node: Node): Readiness {
  const status = conditionOf(node, 'Ready')?.status;
  return status === undefined ? undefined : status === 'True' || status === 'False' ? status : 'Unknown';
}

/**
 * @param silentMs  since the last heartbeat, a lease renewed or a status reported, was seen here; by our clock alone
 * @param nowMs     wall time, for transition times
 */
export function reconcileNodeHealth(node: Node, silentMs: number, nowMs: number): NodeHealthPlan {
  const readiness = readinessOf(node);
  const graceMs = readiness === undefined ? STARTUP_GRACE_PERIOD_MS : GRACE_PERIOD_MS;
  if (silentMs < graceMs) return { becameNotReady: false, requeueAfterMs: graceMs - silentMs };
  const conditions = unknownConditions(node, nowMs);
  if (conditions === undefined) return { becameNotReady: false };
  return { conditions, becameNotReady: readiness === 'True' };
}

/** The node's conditions with the reported ones unknown; `undefined` when they are already. */
function unknownConditions(node: Node, nowMs: number): NodeCondition[] | undefined {
  const current = node.status?.conditions ?? [];
  let isChanged = false;
  const toUnknown = (condition: NodeCondition): NodeCondition => {
    if (!REPORTED_CONDITIONS.includes(condition.type) || condition.status === 'Unknown') return condition;
    isChanged = true;
    return {
      ...condition,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: toTimestamp(nowMs),
    };
  };
  const known = current.map(toUnknown);
  const missing = REPORTED_CONDITIONS.filter((type) => conditionOf(node, type) === undefined);
  const added = missing.map((type) => neverReported(type, node, nowMs));
  return isChanged || added.length > 0 ? [...known, ...added] : undefined;
}

function neverReported(type: string, node: Node, nowMs: number): NodeCondition {
  return {
    type,
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime: toTimestamp(nowMs),
  };
}

export function conditionOf(node: Node, type: string): NodeCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type);
}
