/**
 * Which Pods would have to leave a node so that a more important one fits: all lesser ones are taken off in thought, and
 * then as many as possible are put back, the most important first, those that a budget protects before all others.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption SelectVictimsOnNode
 */
import { parseTimestamp } from '../../base/clock.ts';
import type { Feasibility, Trial } from '../feasibility.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import { type BudgetsOf, findBreaches } from './disruption-budgets.ts';

export interface Candidate {
  readonly nodeName: string;
  /** The most important first; never empty. */
  readonly victims: readonly PodInfo[];
  /** How many of them break a disruption budget. */
  readonly breaches: number;
}

export type Selection = { candidate: Candidate } | { reasons: readonly string[] };

const NO_VICTIMS = ['No preemption victims found for incoming pod'];

export function selectVictims(
  info: PodInfo,
  node: NodeInfo,
  { feasibility, budgetsOf }: { feasibility: Feasibility; budgetsOf: BudgetsOf },
): Selection {
  const lesser = [...node.pods.values()].filter(({ priority }) => priority < info.priority);
  if (lesser.length === 0) return { reasons: NO_VICTIMS };
  lesser.sort(byImportance);
  const trial = feasibility.tryOn(node);
  const selection = reprieve(lesser, trial, { feasibility, budgetsOf });
  trial.end();
  return selection;
}

function reprieve(
  lesser: readonly PodInfo[],
  trial: Trial,
  { feasibility, budgetsOf }: { feasibility: Feasibility; budgetsOf: BudgetsOf },
): Selection {
  for (const victim of lesser) trial.remove(victim);
  const rejection = feasibility.reject(trial.node);
  if (rejection !== undefined) return { reasons: rejection.reasons };
  const breaches = findBreaches(lesser, budgetsOf);
  const protectedFirst = [
    ...lesser.filter((victim) => breaches.has(victim)),
    ...lesser.filter((victim) => !breaches.has(victim)),
  ];
  const victims = protectedFirst.filter((victim) => {
    trial.add(victim);
    if (feasibility.reject(trial.node) === undefined) return false;
    trial.remove(victim);
    return true;
  });
  const broken = victims.filter((victim) => breaches.has(victim)).length;
  return {
    candidate: { nodeName: trial.node.name, victims: victims.sort(byImportance), breaches: broken },
  };
}

/** More important first: by priority, then whoever has run longer. @see schedutil.MoreImportantPod */
function byImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startMs(a) - startMs(b) || (a.key < b.key ? -1 : 1);
}

/** Wall time, ms; the end of time for a Pod that has not started. */
export function startMs({ pod }: PodInfo): number {
  return parseTimestamp(pod.status?.startTime) ?? Number.MAX_SAFE_INTEGER;
}
