/**
 * Which taints a node should carry, by its conditions and by what people want of it. Pure.
 *
 * NoSchedule mirrors the node's state at once. NoExecute moves its Pods away, and so has brakes: a dwell time, a rate per
 * zone, and a stop while the whole cluster seems down, where it is likelier that we are the ones who cannot see.
 *
 * @see k8s.io/kubernetes/pkg/controller/nodelifecycle doNoScheduleTaintingPass, processTaintBaseEviction, doNoExecuteTaintingPass
 */
import type { Node, Taint } from '../../api/generated/core-v1.ts';
import type { TaintEffect } from '../../api/taints.ts';
import { toTimestamp } from '../../base/clock.ts';
import { TAINT_DWELL_MS } from './defaults.ts';
import type { EvictionTurn } from './eviction-queue.ts';
import { readinessOf } from './node-health.ts';

export const NOT_READY_TAINT = 'node.kubernetes.io/not-ready';
export const UNREACHABLE_TAINT = 'node.kubernetes.io/unreachable';
const UNSCHEDULABLE_TAINT = 'node.kubernetes.io/unschedulable';

/** By condition and its status. Source: nodeConditionToTaintKeyStatusMap. */
const CONDITION_TAINTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: NOT_READY_TAINT, Unknown: UNREACHABLE_TAINT },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};

const NO_SCHEDULE_KEYS: readonly string[] = [
  ...Object.values(CONDITION_TAINTS).flatMap((keys) => Object.values(keys)),
  UNSCHEDULABLE_TAINT,
];

const NO_EXECUTE_KEYS: readonly string[] = [NOT_READY_TAINT, UNREACHABLE_TAINT];

export interface ObservedEviction {
  /** How long the node has been seen as not ready here, ms; 0 for a ready one. */
  notReadyForMs: number;
  /** No zone has a ready node left. */
  isClusterDown: boolean;
  turn: EvictionTurn;
}

export interface NodeTaintsPlan {
  /** Set when the node's taints must be written; whole. */
  taints?: Taint[];
  /** Whether the node is to be emptied and waits for its turn, or takes it with this plan. */
  eviction: 'none' | 'waiting' | 'taking';
  requeueAfterMs?: number;
}

/** @param nowMs  wall time, for `timeAdded` */
export function reconcileNodeTaints(node: Node, observed: ObservedEviction, nowMs: number): NodeTaintsPlan {
  const eviction = planEviction(node, observed);
  const current = node.spec?.taints ?? [];
  const wanted = [
    ...noScheduleKeys(node).map((key) => ({ key, effect: 'NoSchedule' as const })),
    ...eviction.keys.map((key) => ({ key, effect: 'NoExecute' as const })),
  ];
  const kept = current.filter((taint) => !isOurs(taint) || wanted.some((other) => isSameTaint(other, taint)));
  const added = wanted
    .filter((taint) => !current.some((other) => isSameTaint(taint, other)))
    .map((taint) => ({ ...taint, timeAdded: toTimestamp(nowMs) }));
  const isChanged = added.length > 0 || kept.length < current.length;
  const { requeueAfterMs } = eviction;
  return {
    ...(isChanged ? { taints: [...kept, ...added] } : {}),
    eviction: eviction.turn,
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  };
}

interface EvictionPlan {
  /** NoExecute taints that the node should carry now. */
  keys: string[];
  turn: NodeTaintsPlan['eviction'];
  requeueAfterMs?: number;
}

function planEviction(node: Node, { notReadyForMs, isClusterDown, turn }: ObservedEviction): EvictionPlan {
  const key = CONDITION_TAINTS['Ready']![readinessOf(node) ?? 'True'];
  if (key === undefined || isClusterDown) return { keys: [], turn: 'none' };
  // One that carries the other taint already has had its turn: it only swaps.
  if (hasNoExecute(node)) return { keys: [key], turn: 'none' };
  if (notReadyForMs < TAINT_DWELL_MS) {
    return { keys: [], turn: 'none', requeueAfterMs: TAINT_DWELL_MS - notReadyForMs };
  }
  if (turn.kind === 'now') return { keys: [key], turn: 'taking' };
  return { keys: [], turn: 'waiting', ...(turn.kind === 'wait' ? { requeueAfterMs: turn.waitMs } : {}) };
}

function hasNoExecute(node: Node): boolean {
  const taints = node.spec?.taints ?? [];
  return taints.some(({ key, effect }) => effect === 'NoExecute' && NO_EXECUTE_KEYS.includes(key));
}

function noScheduleKeys(node: Node): string[] {
  const keys: string[] = [];
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = CONDITION_TAINTS[type]?.[status];
    if (key !== undefined) keys.push(key);
  }
  if (node.spec?.unschedulable === true) keys.push(UNSCHEDULABLE_TAINT);
  return keys;
}

/** Nobody else may set or keep these. */
function isOurs({ key, effect }: Taint): boolean {
  return (
    (effect === 'NoSchedule' && NO_SCHEDULE_KEYS.includes(key)) ||
    (effect === 'NoExecute' && NO_EXECUTE_KEYS.includes(key))
  );
}

function isSameTaint(a: { key: string; effect: TaintEffect }, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect;
}
