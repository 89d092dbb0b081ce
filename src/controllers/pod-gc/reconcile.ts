/**
 * Which Pods nobody else will ever remove. Pure.
 * @see k8s.io/kubernetes/pkg/controller/podgc/gc_controller.go
 */
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { isPodTerminal, isPodTerminating } from '../../api/pod-conditions.ts';
import { parseTimestamp } from '../../base/clock.ts';
import { isAssigned } from '../framework/pod-nodes.ts';

/** Upstream's --terminated-pod-gc-threshold. */
export const TERMINATED_PODS_MAX = 12_500;

/** How long a node must be missing before its Pods are. */
export const NODE_QUARANTINE_MS = 40_000;

const OUT_OF_SERVICE_TAINT = 'node.kubernetes.io/out-of-service';

export interface ObservedGarbage {
  /** Pods on nodes that do not exist. */
  orphaned: readonly Pod[];
  /** Pods on nodes that {@link isOutOfService}. */
  outOfService: readonly Pod[];
  unassigned: readonly Pod[];
  /** All that have ended and are not being deleted. */
  terminated: readonly Pod[];
}

export interface PodCollection {
  pod: Pod;
  /** `terminated`: only the object is left. The others are marked as failed first, for no kubelet will. */
  why: 'terminated' | 'out-of-service' | 'orphaned' | 'unassigned';
}

/**
 * Above `terminatedMax`, evicted Pods go first, then the oldest. A Pod that was already force-deleted and is held by
 * finalizers is left to whoever holds it.
 */
export function planPodCollection(observed: ObservedGarbage, terminatedMax: number): PodCollection[] {
  const plan = new Map<string, PodCollection>();
  const collect = (why: PodCollection['why'], pods: readonly Pod[]) => {
    for (const pod of pods) {
      const { uid } = pod.metadata;
      if (!isForceDeleted(pod) && !plan.has(uid)) plan.set(uid, { pod, why });
    }
  };
  const surplus = observed.terminated.length - terminatedMax;
  if (surplus > 0) collect('terminated', [...observed.terminated].sort(compareWorth).slice(0, surplus));
  collect('out-of-service', observed.outOfService.filter(isHanging));
  collect('orphaned', observed.orphaned);
  collect('unassigned', observed.unassigned.filter(isUnassignedAndTerminating));
  return [...plan.values()];
}

/** A person, or the healer, has said that the node's machine is off. While the node is ready it is not believed. */
export function isOutOfService(node: Node): boolean {
  const isReady = node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  const isTainted = node.spec?.taints?.some(({ key }) => key === OUT_OF_SERVICE_TAINT);
  return isTainted === true && isReady !== true;
}

/** Its kubelet should have let it go, and never will. */
export function isHanging(pod: Pod): boolean {
  return isPodTerminating(pod) && !isPodTerminal(pod);
}

export function isUnassignedAndTerminating(pod: Pod): boolean {
  return isPodTerminating(pod) && !isAssigned(pod);
}

function isForceDeleted(pod: Pod): boolean {
  return isPodTerminating(pod) && pod.metadata.deletionGracePeriodSeconds === 0;
}

function compareWorth(a: Pod, b: Pod): number {
  return (
    Number(isEvicted(b)) - Number(isEvicted(a)) ||
    (parseTimestamp(a.metadata.creationTimestamp) ?? 0) -
      (parseTimestamp(b.metadata.creationTimestamp) ?? 0) ||
    (a.metadata.uid < b.metadata.uid ? -1 : 1)
  );
}

function isEvicted(pod: Pod): boolean {
  return pod.status?.phase === 'Failed' && pod.status.reason === 'Evicted';
}
