/**
 * The decision: which node gets a Pod, or why none does. Pure but for `random`, which breaks ties.
 *
 * On many nodes it stops once enough feasible ones are found, as upstream does, and starts the next search where this one
 * ended, so that all nodes are looked at in turn.
 * @see k8s.io/kubernetes/pkg/scheduler/schedule_one.go
 */
import type { Random } from '../base/random.ts';
import { FILTERS } from './filters/filters.ts';
import type { NodeInfo, PodInfo } from './node-info.ts';
import { scoreNodes } from './scores/scores.ts';

export type ScheduleOutcome =
  | { bound: string /** Where the next search starts. */; nextStart: number }
  | { unschedulable: string /** Names of the filters that said no. */; filters: ReadonlySet<string> };

/** Below this many nodes all are looked at. */
const FEASIBLE_MIN = 100;
const PERCENTAGE_MIN = 5;

export interface ScheduleContext {
  nodes: readonly NodeInfo[];
  /** Index of the first node to look at. */
  start: number;
  random: Random;
}

export function schedulePod(info: PodInfo, { nodes, start, random }: ScheduleContext): ScheduleOutcome {
  if (nodes.length === 0) return { unschedulable: 'no nodes available to schedule pods', filters: new Set() };
  const wanted = feasibleEnough(nodes.length);
  const feasible: NodeInfo[] = [];
  const verdicts = new RejectionTally(nodes.length);
  let looked = 0;
  for (; looked < nodes.length && feasible.length < wanted; looked++) {
    const node = nodes[(start + looked) % nodes.length]!;
    if (verdicts.judge(info, node)) feasible.push(node);
  }
  if (feasible.length === 0) return { unschedulable: verdicts.message(), filters: verdicts.filters };
  return { bound: pickBest(info, feasible, random).name, nextStart: (start + looked) % nodes.length };
}

/** 50 % less one per 125 nodes, at least 5 %, at least 100 nodes. @see numFeasibleNodesToFind */
export function feasibleEnough(nodes: number): number {
  if (nodes <= FEASIBLE_MIN) return nodes;
  const percentage = Math.max(PERCENTAGE_MIN, 50 - Math.floor(nodes / 125));
  return Math.max(FEASIBLE_MIN, Math.floor((nodes * percentage) / 100));
}

/** The best score; of several with the same one, any. */
function pickBest(info: PodInfo, feasible: readonly NodeInfo[], random: Random): NodeInfo {
  if (feasible.length === 1) return feasible[0]!;
  const scores = scoreNodes(info, feasible);
  const best = Math.max(...scores);
  const winners = feasible.filter((_, index) => scores[index] === best);
  return winners[Math.floor(random.next() * winners.length)]!;
}

/** Counts why nodes were rejected, and says it as `kubectl describe` shows it. */
class RejectionTally {
  readonly filters = new Set<string>();
  readonly #total: number;
  readonly #reasons = new Map<string, number>();
  #unresolvable = 0;
  #resolvable = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** True when `node` can run the Pod. The first filter that says no decides. */
  judge(info: PodInfo, node: NodeInfo): boolean {
    for (const filter of FILTERS) {
      const reasons = filter.filter(info, node);
      if (reasons === undefined) continue;
      this.filters.add(filter.name);
      for (const reason of reasons) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
      if (filter.unresolvable) this.#unresolvable++;
      else this.#resolvable++;
      return false;
    }
    return true;
  }

  message(): string {
    const available = `0/${this.#total} nodes are available`;
    const preemption = [
      ...count(this.#resolvable, 'No preemption victims found for incoming pod'),
      ...count(this.#unresolvable, 'Preemption is not helpful for scheduling'),
    ];
    const reasons = [...this.#reasons].map(([reason, n]) => `${n} ${reason}`);
    return `${available}: ${reasons.sort().join(', ')}. preemption: ${available}: ${preemption.sort().join(', ')}.`;
  }
}

function count(n: number, reason: string): string[] {
  return n === 0 ? [] : [`${n} ${reason}`];
}
