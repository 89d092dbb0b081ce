/**
 * A Pod's topology spread constraints, parsed once for the filter and for the score.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/common.go
 */
import type { Pod, TopologySpreadConstraint } from '../../api/generated/core-v1.ts';
import { narrowedSelector } from '../../api/label-keys.ts';
import { matchesNodeSelection } from '../../api/node-affinity.ts';
import { type LabelMatcher, newSelectorMatcher } from '../../api/selectors.ts';
import { findUntoleratedTaint } from '../../api/taints.ts';
import type { NodeInfo } from '../node-info.ts';
import { HOSTNAME, ZONE } from './topology-keys.ts';

export interface SpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  /** Which Pods of the namespace are spread. */
  readonly matches: LabelMatcher;
  /** Whether the Pods and the domain of `node` count: by default those where the Pod's node affinity would let it go. */
  includes(node: NodeInfo): boolean;
}

export function newSpreadConstraints(
  pod: Pod,
  whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway',
): SpreadConstraint[] {
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => ({
      topologyKey: constraint.topologyKey,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      matches: newSelectorMatcher(narrowedSelector(constraint, pod.metadata.labels)),
      includes: newInclusion(pod, constraint),
    }));
}

/** What the scheduler does for Pods without constraints of their own. @see systemDefaultConstraints */
export function newDefaultConstraints(pod: Pod, matches: LabelMatcher): SpreadConstraint[] {
  const includes = newInclusion(pod, {});
  return [
    { topologyKey: HOSTNAME, maxSkew: 3, minDomains: 1, matches, includes },
    { topologyKey: ZONE, maxSkew: 5, minDomains: 1, matches, includes },
  ];
}

/** True when `node` has the labels of all constraints: only such nodes take part. */
export function hasAllTopologyKeys(node: NodeInfo, constraints: readonly SpreadConstraint[]): boolean {
  return constraints.every(({ topologyKey }) => node.domain(topologyKey) !== undefined);
}

function newInclusion(
  { spec }: Pod,
  {
    nodeAffinityPolicy = 'Honor',
    nodeTaintsPolicy = 'Ignore',
  }: Pick<TopologySpreadConstraint, 'nodeAffinityPolicy' | 'nodeTaintsPolicy'>,
): (node: NodeInfo) => boolean {
  const isChoosy = spec.nodeSelector !== undefined || spec.affinity?.nodeAffinity !== undefined;
  const byAffinity = isChoosy && nodeAffinityPolicy === 'Honor';
  const byTaints = nodeTaintsPolicy === 'Honor';
  return ({ node }) =>
    (!byAffinity || matchesNodeSelection(spec, node)) &&
    (!byTaints ||
      findUntoleratedTaint(node.spec.taints, spec.tolerations, ['NoSchedule', 'NoExecute']) === undefined);
}
