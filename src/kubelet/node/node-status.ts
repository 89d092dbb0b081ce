/** A Node object and its status from facts and health. Pure. @see k8s.io/kubernetes/pkg/kubelet/nodestatus/setters.go */

import type { Node, NodeCondition, NodeStatus } from '../../api/generated/core-v1.ts';
import type { NewObject } from '../../api/meta.ts';
import { toTimestamp } from '../../base/clock.ts';
import { isSame } from '../status-patch.ts';
import type { NodeFacts, NodeHealth } from './node-facts.ts';

const OS = 'kubernetes.io/os';
const ARCH = 'kubernetes.io/arch';
const HOSTNAME = 'kubernetes.io/hostname';

export function nodeLabels(facts: NodeFacts): Record<string, string> {
  const { architecture, operatingSystem } = facts.nodeInfo;
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': operatingSystem,
    [ARCH]: architecture,
    [HOSTNAME]: facts.addresses.find(({ type }) => type === 'Hostname')?.address ?? facts.name,
    [OS]: operatingSystem,
    ...facts.labels,
  };
}

/** The Node as it registers itself. */
export function newNode(facts: NodeFacts, status: NodeStatus): NewObject<Node> {
  const { name, podCidr, taints } = facts;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: nodeLabels(facts) },
    spec: {
      ...(podCidr === undefined ? {} : { podCIDR: podCidr, podCIDRs: [podCidr] }),
      ...(taints.length === 0 ? {} : { taints: [...taints] }),
    },
    status,
  };
}

/** The status now; transition times come from `known` while a condition stays as it was. */
export function nodeStatus(
  facts: NodeFacts,
  health: NodeHealth,
  known: NodeStatus | undefined,
  nowMs: number,
): NodeStatus {
  const now = toTimestamp(nowMs);
  const conditions = nodeConditions(health).map((condition) => {
    const before = known?.conditions?.find(({ type }) => type === condition.type);
    const changedAt = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: now, lastTransitionTime: changedAt ?? now };
  });
  return {
    capacity: { ...facts.capacity },
    allocatable: { ...facts.allocatable },
    conditions,
    addresses: [...facts.addresses],
    daemonEndpoints: { kubeletEndpoint: { Port: facts.kubeletPort } },
    nodeInfo: facts.nodeInfo,
  };
}

function nodeConditions(health: NodeHealth): NodeCondition[] {
  return [
    pressure('MemoryPressure', health.memoryPressure, {
      no: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
      yes: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    }),
    pressure('DiskPressure', health.diskPressure, {
      no: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
      yes: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
    }),
    pressure('PIDPressure', health.pidPressure, {
      no: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
      yes: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    }),
    health.notReady.length === 0
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: readyMessage(health.notReady) },
  ];
}

function readyMessage(reasons: readonly string[]): string {
  return reasons.length === 1 ? reasons[0]! : `[${reasons.join(', ')}]`;
}

type Words = readonly [reason: string, message: string];

function pressure(type: string, isUnder: boolean, words: { yes: Words; no: Words }): NodeCondition {
  const [reason, message] = isUnder ? words.yes : words.no;
  return { type, status: isUnder ? 'True' : 'False', reason, message };
}

/** Whether two statuses differ in more than their heartbeats. */
export function hasNodeStatusChanged(before: NodeStatus | undefined, after: NodeStatus): boolean {
  const { conditions: known = [], ...rest } = before ?? {};
  const { conditions = [], ...own } = after;
  const keys = Object.keys(own) as (keyof typeof own)[];
  if (keys.some((key) => !isSame((rest as NodeStatus)[key], own[key]))) return true;
  return conditions.some((condition) => {
    const same = known.find(({ type }) => type === condition.type);
    return (
      same?.status !== condition.status ||
      same.reason !== condition.reason ||
      same.message !== condition.message
    );
  });
}
