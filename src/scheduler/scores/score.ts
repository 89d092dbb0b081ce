/**
 * A rule that says which of the feasible nodes is better. It answers for all of them at once, from 0 to 100 each.
 *
 * @see k8s.io/kube-scheduler/framework ScorePlugin
 */
import type { ClusterView } from '../cluster-view.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

export const SCORE_MAX = 100;

/** By index of the node; whole numbers. */
export type NodeScores = number[] | Float64Array;

export interface Score {
  readonly name: string;
  readonly weight: number;
  /** For each of `nodes`, in their order; `undefined` when the rule makes no difference for this Pod. */
  score(info: PodInfo, nodes: readonly NodeInfo[], cluster: ClusterView): NodeScores | undefined;
}

/** Stretches `raw` in place so that the most becomes 100. */
export function moreIsBetter(raw: NodeScores): NodeScores {
  const most = greatest(raw);
  if (most === 0) return raw;
  for (let index = 0; index < raw.length; index++) raw[index] = Math.floor((raw[index]! * SCORE_MAX) / most);
  return raw;
}

/** As {@link moreIsBetter}, turned around: 0 becomes 100. */
export function lessIsBetter(raw: NodeScores): NodeScores {
  moreIsBetter(raw);
  for (let index = 0; index < raw.length; index++) raw[index] = SCORE_MAX - raw[index]!;
  return raw;
}

export function greatest(raw: NodeScores): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < raw.length; index++) if (raw[index]! > most) most = raw[index]!;
  return most;
}

export function smallest(raw: NodeScores): number {
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < raw.length; index++) if (raw[index]! < least) least = raw[index]!;
  return least;
}
