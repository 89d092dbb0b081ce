/** Nodes that match the Pod's preferred node affinity. */
import { matchesNodeSelectorTerm } from '../../api/node-affinity.ts';
import { moreIsBetter, type Score } from './score.ts';

export const nodeAffinity: Score = {
  name: 'NodeAffinity',
  weight: 2,
  score({ pod }, nodes) {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    const weights = nodes.map(({ node }) => {
      const matching = preferred.filter(({ preference }) => matchesNodeSelectorTerm(preference, node));
      return matching.reduce((total, { weight }) => total + weight, 0);
    });
    return moreIsBetter(weights);
  },
};
