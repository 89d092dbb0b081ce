/**
 * Which nodes can run a Pod: one row a rule, in upstream's order and words.
 *
 * A filter answers with its reasons, or nothing. `unresolvable` reasons stay whatever Pods would leave the node.
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import { matchesNodeSelection } from '../../api/node-affinity.ts';
import { findUntoleratedTaint, toleratesTaint } from '../../api/taints.ts';
import type { HostPort, NodeInfo, PodInfo } from '../node-info.ts';

export interface Filter {
  name: string;
  unresolvable: boolean;
  /** Reasons why `node` cannot run the Pod; `undefined` when it can. */
  filter(info: PodInfo, node: NodeInfo): readonly string[] | undefined;
}

const UNSCHEDULABLE_TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

function isCordonTolerated(pod: Pod): boolean {
  return (pod.spec.tolerations ?? []).some((toleration) => toleratesTaint(toleration, UNSCHEDULABLE_TAINT));
}

const nodeUnschedulable: Filter = {
  name: 'NodeUnschedulable',
  unresolvable: true,
  filter: ({ pod }, { node }) =>
    node.spec.unschedulable && !isCordonTolerated(pod) ? ['node(s) were unschedulable'] : undefined,
};

const nodeName: Filter = {
  name: 'NodeName',
  unresolvable: true,
  filter: ({ pod }, node) =>
    pod.spec.nodeName && pod.spec.nodeName !== node.name
      ? ["node(s) didn't match the requested node name"]
      : undefined,
};

const taintToleration: Filter = {
  name: 'TaintToleration',
  unresolvable: true,
  filter: ({ pod }, { node }) => {
    const taint = findUntoleratedTaint(node.spec.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute']);
    return taint === undefined
      ? undefined
      : [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`];
  },
};

const nodeAffinity: Filter = {
  name: 'NodeAffinity',
  unresolvable: true,
  filter: ({ pod }, { node }) =>
    matchesNodeSelection(pod.spec, node) ? undefined : ["node(s) didn't match Pod's node affinity/selector"],
};

const nodePorts: Filter = {
  name: 'NodePorts',
  unresolvable: false,
  filter: ({ hostPorts }, node) => {
    if (hostPorts.length === 0) return undefined;
    for (const other of node.pods.values()) {
      if (other.hostPorts.some((taken) => hostPorts.some((wanted) => portsClash(wanted, taken)))) {
        return ["node(s) didn't have free ports for the requested pod ports"];
      }
    }
    return undefined;
  },
};

function portsClash(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  return a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
}

const DEFAULT_PODS_MAX = 110;

const nodeResourcesFit: Filter = {
  name: 'NodeResourcesFit',
  unresolvable: false,
  filter: ({ requests }, node) => {
    const reasons =
      node.pods.size + 1 > (node.allocatable.get('pods') ?? DEFAULT_PODS_MAX) ? ['Too many pods'] : [];
    for (const [name, amount] of requests) {
      const free = (node.allocatable.get(name) ?? 0) - (node.requested.get(name) ?? 0);
      if (amount > 0 && amount > free) reasons.push(`Insufficient ${name}`);
    }
    return reasons.length === 0 ? undefined : reasons;
  },
};

export const FILTERS: readonly Filter[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
];
