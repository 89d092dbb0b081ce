/**
 * Whether lesser Pods are to make room for one that fits nowhere, which ones, and on which node. Pure but for `random`, which
 * says where the search starts.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/preemption/preemption.go
 */
import { isPodTerminating, podCondition } from '../../api/pod-conditions.ts';
import type { Random } from '../../base/random.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { Feasibility } from '../feasibility.ts';
import type { PodInfo } from '../pod-info.ts';
import { ReasonTally, type Rejections } from '../rejections.ts';
import type { BudgetsOf } from './disruption-budgets.ts';
import { pickCandidate } from './pick-candidate.ts';
import { type Candidate, selectVictims } from './select-victims.ts';

export const PREEMPTION_REASON = 'PreemptionByScheduler';

export type PreemptionPlan =
  | { preempt: Candidate }
  /** Nothing is to be done; `keepNomination` while a node is still being emptied for the Pod. */
  | { refused: string; keepNomination: boolean };

export interface PreemptionContext {
  cluster: ClusterView;
  rejections: Rejections;
  feasibility: Feasibility;
  budgetsOf: BudgetsOf;
  /** Uids of Pods that were told to go, as far as the cache may not show it yet. */
  leaving: ReadonlySet<string>;
  random: Random;
}

/** Sources: minCandidateNodesAbsolute, minCandidateNodesPercentage. */
const CANDIDATES_MIN = 100;
const CANDIDATES_SHARE = 0.1;
const NOT_HELPFUL = ['Preemption is not helpful for scheduling'];

export function planPreemption(info: PodInfo, context: PreemptionContext): PreemptionPlan {
  const ineligible = whyIneligible(info, context);
  if (ineligible !== undefined) return { refused: ineligible, keepNomination: true };
  const { candidates, tally } = findCandidates(info, context);
  if (candidates.length > 0) return { preempt: pickCandidate(candidates) };
  return { refused: tally.message(), keepNomination: false };
}

function whyIneligible(
  info: PodInfo,
  { cluster, rejections, leaving }: PreemptionContext,
): string | undefined {
  if (info.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = cluster.node(cluster.nominations.nodeOf(info.key) ?? '');
  if (nominated === undefined || rejections.isUnresolvable(nominated.name)) return undefined;
  for (const other of nominated.pods.values()) {
    if (other.priority < info.priority && (leaving.has(other.pod.metadata.uid) || isBeingPreempted(other)))
      return 'not eligible due to a terminating pod on the nominated node.';
  }
  return undefined;
}

function isBeingPreempted({ pod }: PodInfo): boolean {
  return isPodTerminating(pod) && podCondition(pod, 'DisruptionTarget')?.reason === PREEMPTION_REASON;
}

/** Looks at the nodes that Pods could make room on, until there are enough and one of them breaks no budget. */
function findCandidates(
  info: PodInfo,
  { cluster, rejections, feasibility, budgetsOf, random }: PreemptionContext,
): { candidates: Candidate[]; tally: ReasonTally } {
  const nodes = rejections.resolvable;
  const tally = new ReasonTally(cluster.nodes.length);
  tally.add(NOT_HELPFUL, cluster.nodes.length - nodes.length);
  const enough = Math.max(CANDIDATES_MIN, Math.floor(nodes.length * CANDIDATES_SHARE));
  const start = Math.floor(random.next() * nodes.length);
  const candidates: Candidate[] = [];
  for (let looked = 0; looked < nodes.length; looked++) {
    const node = nodes[(start + looked) % nodes.length]!;
    const selection = selectVictims(info, node, { feasibility, budgetsOf });
    if ('reasons' in selection) tally.add(selection.reasons);
    else candidates.push(selection.candidate);
    if (candidates.length >= enough && candidates.some(({ breaches }) => breaches === 0)) break;
  }
  return { candidates, tally };
}
