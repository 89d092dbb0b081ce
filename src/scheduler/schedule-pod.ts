/**
 * The decision: which node gets a Pod, or why none does. Pure but for `random`, which breaks ties.
 *
 * On many nodes it stops once enough feasible ones are found, as upstream does, and starts the next search where this one
 * ended, so that all nodes are looked at in turn.
 * @see k8s.io/kubernetes/pkg/scheduler/schedule_one.go
 */
import type { Random } from '../base/random.ts';
import type { ClusterView } from './cluster-view.ts';
import { Feasibility } from './feasibility.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import { Rejections } from './rejections.ts';
import { bestNodes } from './scores/scores.ts';

export type ScheduleOutcome =
  | { bound: string /** Where the next search starts. */; nextStart: number }
  | { rejections: Rejections; feasibility: Feasibility };

export interface ScheduleContext {
  cluster: ClusterView;
  /** Index of the first node to look at. */
  start: number;
  random: Random;
}

/** Below this many nodes all are looked at. */
const FEASIBLE_MIN = 100;
const PERCENTAGE_MIN = 5;

export function schedulePod(info: PodInfo, { cluster, start, random }: ScheduleContext): ScheduleOutcome {
  const feasibility = new Feasibility(info, cluster);
  const nominated = cluster.node(cluster.nominations.nodeOf(info.key) ?? '');
  if (nominated !== undefined && feasibility.reject(nominated) === undefined)
    return { bound: nominated.name, nextStart: start };
  const { nodes } = cluster;
  const wanted = feasibleEnough(nodes.length);
  const rejections = new Rejections(nodes.length);
  const feasible: NodeInfo[] = [];
  let index = start < nodes.length ? start : 0;
  for (let looked = 0; looked < nodes.length && feasible.length < wanted; looked++) {
    const node = nodes[index]!;
    if (++index === nodes.length) index = 0;
    const rejection = feasibility.reject(node);
    if (rejection === undefined) feasible.push(node);
    else rejections.add(node, rejection);
  }
  if (feasible.length === 0) return { rejections, feasibility };
  const best = feasible.length === 1 ? feasible : bestNodes(info, feasible, cluster);
  return { bound: best[Math.floor(random.next() * best.length)]!.name, nextStart: index };
}

/** 50 % less one per 125 nodes, at least 5 %, at least 100 nodes. @see numFeasibleNodesToFind */
export function feasibleEnough(nodes: number): number {
  if (nodes <= FEASIBLE_MIN) return nodes;
  const percentage = Math.max(PERCENTAGE_MIN, 50 - Math.floor(nodes / 125));
  return Math.max(FEASIBLE_MIN, Math.floor((nodes * percentage) / 100));
}
