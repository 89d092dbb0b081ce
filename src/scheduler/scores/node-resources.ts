/**
 * Emptier nodes, and nodes whose CPU and memory are used to the same degree.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources least_allocated.go, balanced_allocation.go
 */
import { SCORE_MAX, type Score } from './score.ts';

/** The mean of what would be free of CPU and of memory, in hundredths. Containers without a request count as a little. */
export const leastAllocated: Score = {
  name: 'NodeResourcesFit',
  weight: 1,
  score({ scored }, nodes) {
    const scores = new Float64Array(nodes.length);
    for (let index = 0; index < scores.length; index++) {
      const node = nodes[index]!;
      const cpu = freeShare(node.capacity.cpuMillis, node.scored.cpuMillis + scored.cpuMillis);
      const memory = freeShare(node.capacity.memoryBytes, node.scored.memoryBytes + scored.memoryBytes);
      scores[index] = Math.floor((cpu + memory) / 2);
    }
    return scores;
  },
};

function freeShare(capacity: number, used: number): number {
  return used >= capacity ? 0 : Math.floor(((capacity - used) * SCORE_MAX) / capacity);
}

/** Half the distance between the two shares used, turned around. Says nothing of Pods that request neither. */
export const balancedAllocation: Score = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  score({ requests }, nodes) {
    const cpu = requests.find(({ name }) => name === 'cpu')?.amount ?? 0;
    const memory = requests.find(({ name }) => name === 'memory')?.amount ?? 0;
    if (cpu === 0 && memory === 0) return undefined;
    const scores = new Float64Array(nodes.length);
    for (let index = 0; index < scores.length; index++) {
      const { requested, capacity } = nodes[index]!;
      const cpuShare = usedShare(capacity.cpuMillis, (requested.get('cpu') ?? 0) + cpu);
      const memoryShare = usedShare(capacity.memoryBytes, (requested.get('memory') ?? 0) + memory);
      scores[index] = Math.floor((1 - Math.abs(cpuShare - memoryShare) / 2) * SCORE_MAX);
    }
    return scores;
  },
};

function usedShare(capacity: number, used: number): number {
  return used >= capacity ? 1 : used / capacity;
}
