/**
 * Nodes in domains with Pods that this one would rather be near, or that would rather be near it; less those that would
 * rather be apart.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity/scoring.go
 */
import { namespaceOf } from '../../api/meta.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { PodInfo } from '../pod-info.ts';
import { type AffinityTerm, hasPodAffinity, newPodAffinityRules } from '../topology/affinity-terms.ts';
import { TopologyCounts } from '../topology/topology-counts.ts';
import { greatest, SCORE_MAX, type Score, smallest } from './score.ts';

/** What a required affinity of an existing Pod to this one counts as. @see hardPodAffinityWeight */
const REQUIRED_WEIGHT = 1;

export const interPodAffinity: Score = {
  name: 'InterPodAffinity',
  weight: 2,
  score(info, nodes, cluster) {
    if (cluster.cohorts.withAffinity.size === 0 && !hasPodAffinity(info.pod)) return undefined;
    const counts = countPreferences(info, cluster);
    if (counts.isEmpty) return undefined;
    const raw = nodes.map((node) => counts.sum(node));
    const least = smallest(raw);
    const range = greatest(raw) - least;
    return range === 0 ? undefined : raw.map((value) => Math.floor((SCORE_MAX * (value - least)) / range));
  },
};

function countPreferences({ pod }: PodInfo, { cohorts, namespaceLabels }: ClusterView): TopologyCounts {
  const counts = new TopologyCounts();
  const [namespace, labels] = [namespaceOf(pod), pod.metadata.labels ?? {}];
  for (const { affinity, nodes } of cohorts.withAffinity) {
    const count = (term: AffinityTerm, weight: number) => {
      if (term.matches(namespace, labels, namespaceLabels)) counts.add(term.topologyKey, nodes, weight);
    };
    for (const term of affinity!.requiredAffinity) count(term, REQUIRED_WEIGHT);
    for (const term of affinity!.preferredAffinity) count(term, term.weight);
    for (const term of affinity!.preferredAntiAffinity) count(term, -term.weight);
  }
  const { preferredAffinity, preferredAntiAffinity } = newPodAffinityRules(pod);
  if (preferredAffinity.length + preferredAntiAffinity.length === 0) return counts;
  for (const other of cohorts.namespaces()) {
    for (const cohort of cohorts.in(other)) {
      const count = (term: AffinityTerm, weight: number) => {
        if (term.matches(other, cohort.labels, namespaceLabels))
          counts.add(term.topologyKey, cohort.nodes, weight);
      };
      for (const term of preferredAffinity) count(term, term.weight);
      for (const term of preferredAntiAffinity) count(term, -term.weight);
    }
  }
  return counts;
}
