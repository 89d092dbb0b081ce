/**
 * Which Pods go first when there are too many: those that lose the least.
 * @see k8s.io/kubernetes/pkg/controller/controller_utils.go ActivePodsWithRanks
 */
import type { ContainerStatus, Pod } from '../../api/generated/core-v1.ts';
import { isPodReady, isSidecar, readySinceMs } from '../../api/pod-conditions.ts';
import { parseTimestamp } from '../../base/clock.ts';

/** Kept beside each Pod: how many related Pods its node runs. More crowded nodes give first. */
export type NodeCrowding = ReadonlyMap<string, number>;

/** Negative when `a` is to be deleted before `b`. A total order: equal Pods are told apart by uid. */
export type DeletionOrder = (a: Pod, b: Pod) => number;

const PHASE_ORDER: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * Unassigned, then Pending, then not ready, then of lower deletion cost, then on crowded nodes, then ready for a shorter
 * time, then restarted more often, then younger. Times are compared by their order of magnitude (log2), so that among Pods
 * of similar age chance decides, not the exact second.
 */
export function newDeletionOrder(crowding: NodeCrowding, nowMs: number): DeletionOrder {
  return (a, b) =>
    Number(isAssigned(a)) - Number(isAssigned(b)) ||
    phaseOrder(a) - phaseOrder(b) ||
    Number(isPodReady(a)) - Number(isPodReady(b)) ||
    deletionCost(a) - deletionCost(b) ||
    crowdingOf(b, crowding) - crowdingOf(a, crowding) ||
    compareAges(readySinceMs(a), readySinceMs(b), nowMs) ||
    restartsOf(b, false) - restartsOf(a, false) ||
    restartsOf(b, true) - restartsOf(a, true) ||
    compareAges(createdMs(a), createdMs(b), nowMs) ||
    (a.metadata.uid < b.metadata.uid ? -1 : 1);
}

function isAssigned(pod: Pod): boolean {
  return (pod.spec.nodeName ?? '') !== '';
}

function phaseOrder(pod: Pod): number {
  return PHASE_ORDER[pod.status?.phase ?? 'Pending'] ?? 0;
}

function crowdingOf(pod: Pod, crowding: NodeCrowding): number {
  return crowding.get(pod.spec.nodeName ?? '') ?? 0;
}

/** An int32 in an annotation; anything else counts as 0. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'];
  if (text === undefined || !/^(0|-?[1-9]\d*)$/.test(text)) return 0;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31 ? cost : 0;
}

function createdMs(pod: Pod): number | undefined {
  return parseTimestamp(pod.metadata.creationTimestamp);
}

/** Negative when `a` began later by an order of magnitude; an unknown time counts as the latest. */
function compareAges(a: number | undefined, b: number | undefined, nowMs: number): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  return magnitude(nowMs - a) - magnitude(nowMs - b);
}

function magnitude(ageMs: number): number {
  return ageMs <= 0 ? -1 : Math.floor(Math.log2(ageMs * 1e6));
}

/** The largest count of one container: main containers, or sidecars. */
function restartsOf(pod: Pod, sidecars: boolean): number {
  const names = new Set(
    (sidecars ? (pod.spec.initContainers ?? []).filter(isSidecar) : pod.spec.containers).map(
      (container) => container.name,
    ),
  );
  const statuses: readonly ContainerStatus[] =
    (sidecars ? pod.status?.initContainerStatuses : pod.status?.containerStatuses) ?? [];
  let restarts = 0;
  for (const status of statuses)
    if (names.has(status.name)) restarts = Math.max(restarts, status.restartCount);
  return restarts;
}
