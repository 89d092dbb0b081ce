/**
 * Spreads a workload's Pods by its `ScheduleAnyway` constraints; a Pod without any constraint is spread over nodes and
 * zones with those that its Services and owner select. Domains with fewer of them are better; each constraint weighs more
 * the more domains there are, so that three zones do not drown among a thousand nodes.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/scoring.go
 */
import { namespaceOf } from '../../api/meta.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import {
  hasAllTopologyKeys,
  newDefaultConstraints,
  newSpreadConstraints,
  type SpreadConstraint,
} from '../topology/spread-constraints.ts';
import { HOSTNAME } from '../topology/topology-keys.ts';
import { greatest, SCORE_MAX, type Score } from './score.ts';

export const podTopologySpread: Score = {
  name: 'PodTopologySpread',
  weight: 2,
  score(info, nodes, cluster) {
    const spread = newSpread(info, cluster);
    if (spread === undefined) return undefined;
    const { constraints, needsAllKeys } = spread;
    const scored = needsAllKeys ? nodes.filter((node) => hasAllTopologyKeys(node, constraints)) : nodes;
    const raw = new Float64Array(scored.length);
    for (const constraint of constraints) addCounts(raw, { info, constraint, scored, ...spread, cluster });
    const scores = normalized(raw);
    return scored === nodes ? scores : inOrderOf(nodes, scored, scores);
  },
};

interface Spread {
  constraints: readonly SpreadConstraint[];
  /** By default also nodes without a zone are spread over. */
  needsAllKeys: boolean;
}

function newSpread({ pod }: PodInfo, { workloadSelector }: ClusterView): Spread | undefined {
  if (pod.spec.topologySpreadConstraints?.length) {
    const constraints = newSpreadConstraints(pod, 'ScheduleAnyway');
    return constraints.length === 0 ? undefined : { constraints, needsAllKeys: true };
  }
  const matches = workloadSelector(pod);
  return matches && { constraints: newDefaultConstraints(pod, matches), needsAllKeys: false };
}

interface Counting extends Spread {
  info: PodInfo;
  constraint: SpreadConstraint;
  scored: readonly NodeInfo[];
  cluster: ClusterView;
}

/** Adds one constraint's count of Pods, weighted, to `raw` for each scored node. */
function addCounts(raw: Float64Array, counting: Counting): void {
  const { info, constraint, scored, cluster } = counting;
  const { topologyKey, maxSkew } = constraint;
  const perNode = cluster.cohorts.countStaying(namespaceOf(info.pod), constraint.matches);
  const domains = topologyKey === HOSTNAME ? undefined : countDomains(perNode, counting);
  const weight = Math.log((domains?.size ?? scored.length) + 2);
  for (let index = 0; index < raw.length; index++) {
    const node = scored[index]!;
    const domain = node.domain(topologyKey);
    if (domain === undefined) continue;
    const count = (domains === undefined ? perNode.get(node) : domains.get(domain)) ?? 0;
    raw[index]! += count * weight + maxSkew - 1;
  }
}

/** Pods in each domain that has a scored node, those on other nodes of the domain included. */
function countDomains(
  perNode: ReadonlyMap<NodeInfo, number>,
  { constraint, constraints, needsAllKeys, scored }: Counting,
): ReadonlyMap<string, number> {
  const domains = new Map<string, number>();
  // A missing label is a domain of its own for the weight, as upstream has it.
  const domainOf = (node: NodeInfo) => node.domain(constraint.topologyKey) ?? '';
  for (const node of scored) domains.set(domainOf(node), 0);
  for (const [node, count] of perNode) {
    const domain = domainOf(node);
    const before = domains.get(domain);
    if (before === undefined || !constraint.includes(node)) continue;
    if (needsAllKeys && !hasAllTopologyKeys(node, constraints)) continue;
    domains.set(domain, before + count);
  }
  return domains;
}

/** The least becomes 100, and the most what is left of 100 by the same measure. */
function normalized(raw: Float64Array): Float64Array {
  for (let index = 0; index < raw.length; index++) raw[index] = Math.round(raw[index]!);
  const most = greatest(raw);
  let least = most;
  for (const value of raw) if (value < least) least = value;
  for (let index = 0; index < raw.length; index++) {
    raw[index] = most === 0 ? SCORE_MAX : Math.floor((SCORE_MAX * (most + least - raw[index]!)) / most);
  }
  return raw;
}

/** Nodes that take no part get 0. */
function inOrderOf(
  nodes: readonly NodeInfo[],
  scored: readonly NodeInfo[],
  scores: Float64Array,
): Float64Array {
  const all = new Float64Array(nodes.length);
  let next = 0;
  for (const [index, node] of nodes.entries()) if (node === scored[next]) all[index] = scores[next++]!;
  return all;
}
