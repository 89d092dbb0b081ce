/**
 * What happens in the cluster, and which filters may let a Pod pass after it that they rejected before. A Pod is tried again
 * only when what it waits for may have come.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins: EventsToRegister of each
 */
import type { Node, Pod } from '../api/generated/core-v1.ts';
import { equalJson } from '../api/json.ts';
import type { FilterName } from './filters/filter.ts';

export type ClusterChange =
  | 'NodeAdded'
  | 'NodeDeleted'
  | 'NodeOffersMore'
  | 'NodeLabelsChanged'
  | 'NodeTaintsChanged'
  | 'PodPlaced'
  | 'PodGone'
  | 'PodLabelsChanged'
  | 'NamespaceLabelsChanged';

const ALL: readonly FilterName[] = [
  'NodeUnschedulable',
  'NodeName',
  'TaintToleration',
  'NodeAffinity',
  'NodePorts',
  'NodeResourcesFit',
  'PodTopologySpread',
  'InterPodAffinity',
];

/** Topology rules look beyond one node, so whatever changes which domains there are concerns them. */
export const HELPED_BY: Readonly<Record<ClusterChange, ReadonlySet<FilterName>>> = {
  NodeAdded: new Set(ALL),
  NodeDeleted: new Set(['PodTopologySpread']),
  NodeOffersMore: new Set(['NodeResourcesFit']),
  NodeLabelsChanged: new Set(['NodeAffinity', 'PodTopologySpread', 'InterPodAffinity']),
  NodeTaintsChanged: new Set(['NodeUnschedulable', 'TaintToleration', 'PodTopologySpread']),
  PodPlaced: new Set(['PodTopologySpread', 'InterPodAffinity']),
  PodGone: new Set(['NodePorts', 'NodeResourcesFit', 'PodTopologySpread', 'InterPodAffinity']),
  PodLabelsChanged: new Set(['PodTopologySpread', 'InterPodAffinity']),
  NamespaceLabelsChanged: new Set(['InterPodAffinity']),
};

/** How `after` differs from `before` in what matters to waiting Pods; heartbeats do not. */
export function nodeChanges(before: Node, after: Node): ClusterChange[] {
  const changes: ClusterChange[] = [];
  if (!equalJson(before.status?.allocatable, after.status?.allocatable)) changes.push('NodeOffersMore');
  if (!equalJson(before.metadata.labels, after.metadata.labels)) changes.push('NodeLabelsChanged');
  if (
    before.spec.unschedulable !== after.spec.unschedulable ||
    !equalJson(before.spec.taints, after.spec.taints)
  )
    changes.push('NodeTaintsChanged');
  return changes;
}

/** A placed Pod that is on its way out no longer counts where Pods are spread. */
export function placedPodChanges(before: Pod, after: Pod): ClusterChange[] {
  const isLeaving = before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp;
  return isLeaving || !equalJson(before.metadata.labels, after.metadata.labels) ? ['PodLabelsChanged'] : [];
}
