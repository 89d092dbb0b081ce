/** Nodes with fewer taints that would rather not have the Pod. */
import { toleratesTaint } from '../../api/taints.ts';
import { lessIsBetter, type Score } from './score.ts';

export const taintToleration: Score = {
  name: 'TaintToleration',
  weight: 3,
  score({ pod: { spec } }, nodes) {
    if (nodes.every(({ taints }) => taints === undefined)) return undefined;
    const counts = nodes.map(({ taints = [] }) => {
      const soft = taints.filter(({ effect }) => effect === 'PreferNoSchedule');
      return soft.filter(
        (taint) => !spec.tolerations?.some((toleration) => toleratesTaint(toleration, taint)),
      ).length;
    });
    return lessIsBetter(counts);
  },
};
