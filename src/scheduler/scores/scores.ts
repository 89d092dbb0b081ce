/**
 * Which of the feasible nodes is best: one row a rule, each 0 to 100 after normalisation, with upstream's weights.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins; default weights in apis/config/v1/default_plugins.go
 */
import { matchesNodeSelectorTerm } from '../../api/node-affinity.ts';
import { newSelectorMatcher } from '../../api/selectors.ts';
import { toleratesTaint } from '../../api/taints.ts';
import type { NodeInfo, PodInfo } from '../node-info.ts';

export const SCORE_MAX = 100;

export interface Score {
  name: string;
  weight: number;
  /** A raw value for each of `nodes`, in their order; `undefined` when the rule has nothing to say of this Pod. */
  score(info: PodInfo, nodes: readonly NodeInfo[]): number[] | undefined;
  /** How raw values become 0 to 100: `as-is`, stretched to the greatest, or stretched with the least as best. */
  normalise: 'as-is' | 'more-is-better' | 'less-is-better';
}

/** Emptier nodes first, by the mean of what is free of CPU and memory. */
const leastAllocated: Score = {
  name: 'NodeResourcesFit',
  weight: 1,
  normalise: 'as-is',
  score: (info, nodes) =>
    nodes.map((node) => (freeShare(info, node, 'cpu') + freeShare(info, node, 'memory')) / 2),
};

function freeShare(info: PodInfo, node: NodeInfo, resource: 'cpu' | 'memory'): number {
  const capacity = node.allocatable.get(resource) ?? 0;
  if (capacity === 0) return 0;
  return Math.floor(Math.max(0, (capacity - usedWith(info, node, resource)) / capacity) * SCORE_MAX);
}

function usedWith(info: PodInfo, node: NodeInfo, resource: 'cpu' | 'memory'): number {
  return resource === 'cpu'
    ? node.scored.cpuMillis + info.scored.cpuMillis
    : node.scored.memoryBytes + info.scored.memoryBytes;
}

/** Nodes whose CPU and memory would be used to the same degree. */
const balancedAllocation: Score = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  normalise: 'as-is',
  score: (info, nodes) =>
    nodes.map((node) => {
      const used = (['cpu', 'memory'] as const).map((resource) =>
        Math.min(1, usedWith(info, node, resource) / (node.allocatable.get(resource) || 1)),
      );
      return Math.floor((1 - Math.abs(used[0]! - used[1]!) / 2) * SCORE_MAX);
    }),
};

/** Nodes with fewer taints that would rather not have the Pod. */
const taintToleration: Score = {
  name: 'TaintToleration',
  weight: 3,
  normalise: 'less-is-better',
  score: ({ pod }, nodes) => {
    const counts = nodes.map(({ node }) => {
      const soft = (node.spec.taints ?? []).filter((taint) => taint.effect === 'PreferNoSchedule');
      return soft.filter(
        (taint) => !pod.spec.tolerations?.some((toleration) => toleratesTaint(toleration, taint)),
      ).length;
    });
    return counts.some((count) => count > 0) ? counts : undefined;
  },
};

/** Nodes that match the Pod's preferred node affinity. */
const nodeAffinity: Score = {
  name: 'NodeAffinity',
  weight: 2,
  normalise: 'more-is-better',
  score: ({ pod }, nodes) => {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    return nodes.map(({ node }) =>
      preferred.reduce(
        (total, { weight, preference }) => total + (matchesNodeSelectorTerm(preference, node) ? weight : 0),
        0,
      ),
    );
  },
};

const HOSTNAME = 'kubernetes.io/hostname';
const ZONE = 'topology.kubernetes.io/zone';

/**
 * Spreads the Pods of one workload over nodes and zones, so that losing one loses few. Pods that carry the same labels
 * under the same owner count as one workload; explicit `ScheduleAnyway` constraints replace this default.
 */
const podTopologySpread: Score = {
  name: 'PodTopologySpread',
  weight: 2,
  normalise: 'less-is-better',
  score: (info, nodes) => {
    const explicit = (info.pod.spec.topologySpreadConstraints ?? []).filter(
      (constraint) => constraint.whenUnsatisfiable === 'ScheduleAnyway',
    );
    const keys =
      explicit.length > 0 ? explicit.map((constraint) => constraint.topologyKey) : [HOSTNAME, ZONE];
    const isSame = explicit.length > 0 ? newSelectorMatcher(explicit[0]!.labelSelector) : sameOwner(info);
    if (isSame === undefined) return undefined;
    return spreadCounts(info, nodes, { keys, isSame });
  },
};

type PodMatcher = (labels: Record<string, string> | undefined, owner?: string) => boolean;

function ownerUid(info: PodInfo): string | undefined {
  return info.pod.metadata.ownerReferences?.find((reference) => reference.controller)?.uid;
}

function sameOwner(info: PodInfo): PodMatcher | undefined {
  const own = ownerUid(info);
  return own === undefined ? undefined : (_labels, owner) => owner === own;
}

function spreadCounts(
  info: PodInfo,
  nodes: readonly NodeInfo[],
  { keys, isSame }: { keys: readonly string[]; isSame: PodMatcher },
): number[] {
  const namespace = info.pod.metadata.namespace;
  const perNode = nodes.map((node) => {
    let count = 0;
    for (const other of node.pods.values()) {
      const { metadata } = other.pod;
      if (
        metadata.namespace === namespace &&
        metadata.deletionTimestamp === undefined &&
        isSame(metadata.labels, ownerUid(other))
      )
        count++;
    }
    return count;
  });
  const totals = nodes.map(() => 0);
  for (const key of keys) {
    const domains = new Map<string, number>();
    const domainOf = (index: number) =>
      nodes[index]!.node.metadata.labels?.[key] ?? (key === HOSTNAME ? nodes[index]!.name : undefined);
    perNode.forEach((count, index) => {
      const domain = domainOf(index);
      if (domain !== undefined) domains.set(domain, (domains.get(domain) ?? 0) + count);
    });
    perNode.forEach((_, index) => {
      const domain = domainOf(index);
      if (domain !== undefined) totals[index]! += domains.get(domain)!;
    });
  }
  return totals;
}

/** Nodes that already hold the Pod's images; what an image weighs is between 23 MB and 1000 MB a container. */
const imageLocality: Score = {
  name: 'ImageLocality',
  weight: 1,
  normalise: 'as-is',
  score: ({ pod }, nodes) => {
    const wanted = new Set(pod.spec.containers.map((container) => container.image));
    const sizes = nodes.map(({ node }) =>
      (node.status?.images ?? []).reduce(
        (total, image) =>
          total + (image.names?.some((name) => wanted.has(name)) ? (image.sizeBytes ?? 0) : 0),
        0,
      ),
    );
    if (sizes.every((size) => size === 0)) return undefined;
    const [least, most] = [23 * 1024 * 1024, 1000 * 1024 * 1024 * pod.spec.containers.length];
    return sizes.map((size) =>
      Math.floor((SCORE_MAX * (Math.min(Math.max(size, least), most) - least)) / (most - least)),
    );
  },
};

export const SCORES: readonly Score[] = [
  taintToleration,
  nodeAffinity,
  podTopologySpread,
  leastAllocated,
  balancedAllocation,
  imageLocality,
];

/** The weighted sum of all rules for each of `nodes`, in their order. */
export function scoreNodes(info: PodInfo, nodes: readonly NodeInfo[]): number[] {
  const totals = nodes.map(() => 0);
  for (const rule of SCORES) {
    const raw = rule.score(info, nodes);
    if (raw === undefined) continue;
    const most = rule.normalise === 'as-is' ? SCORE_MAX : Math.max(...raw);
    raw.forEach((value, index) => {
      totals[index]! += rule.weight * normalised(value, most, rule.normalise);
    });
  }
  return totals;
}

function normalised(value: number, most: number, how: Score['normalise']): number {
  if (how === 'as-is') return value;
  if (most === 0) return how === 'less-is-better' ? SCORE_MAX : 0;
  const share = Math.floor((value * SCORE_MAX) / most);
  return how === 'less-is-better' ? SCORE_MAX - share : share;
}
