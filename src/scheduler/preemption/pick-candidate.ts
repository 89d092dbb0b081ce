/**
 * On which of several nodes preemption does least harm.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/preemption pickOneNodeForPreemption
 */
import type { PodInfo } from '../pod-info.ts';
import { type Candidate, startMs } from './select-victims.ts';

/** Makes the sum of priorities grow with every victim, negative priorities too. @see math.MaxInt32 */
const PRIORITY_OFFSET = 2 ** 31;

/** Each is better when smaller; the next decides only between equals. */
const HARMS: readonly ((candidate: Candidate) => number)[] = [
  ({ breaches }) => breaches,
  ({ victims }) => victims[0]!.priority,
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + PRIORITY_OFFSET, 0),
  ({ victims }) => victims.length,
  ({ victims }) => -earliestStartMs(victims),
];

/** The first of the least harmful. @param candidates  not empty */
export function pickCandidate(candidates: readonly Candidate[]): Candidate {
  let best = candidates;
  for (const harm of HARMS) {
    if (best.length === 1) break;
    const harms = best.map(harm);
    const least = Math.min(...harms);
    best = best.filter((_, index) => harms[index] === least);
  }
  return best[0]!;
}

/** Of the most important victims. */
function earliestStartMs(victims: readonly PodInfo[]): number {
  const most = victims[0]!.priority;
  return Math.min(...victims.filter(({ priority }) => priority === most).map(startMs));
}
