/** Which of the feasible nodes are best: one row a rule, with upstream's weights. */
import type { ClusterView } from '../cluster-view.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { balancedAllocation, leastAllocated } from './node-resources.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { greatest, type Score } from './score.ts';
import { taintToleration } from './taint-toleration.ts';

/** @see k8s.io/kubernetes/pkg/scheduler/apis/config/v1/default_plugins.go */
export const SCORES: readonly Score[] = [
  taintToleration,
  nodeAffinity,
  podTopologySpread,
  interPodAffinity,
  leastAllocated,
  balancedAllocation,
  imageLocality,
];

/** Those of `nodes` with the greatest weighted sum of all scores. */
export function bestNodes(info: PodInfo, nodes: readonly NodeInfo[], cluster: ClusterView): NodeInfo[] {
  const totals = scoreNodes(info, nodes, cluster);
  const best = greatest(totals);
  return nodes.filter((_, index) => totals[index] === best);
}

/** The weighted sum of all scores for each of `nodes`, in their order. */
export function scoreNodes(info: PodInfo, nodes: readonly NodeInfo[], cluster: ClusterView): Float64Array {
  const totals = new Float64Array(nodes.length);
  for (const rule of SCORES) {
    const scores = rule.score(info, nodes, cluster);
    if (scores === undefined) continue;
    for (let index = 0; index < totals.length; index++) totals[index]! += rule.weight * scores[index]!;
  }
  return totals;
}
