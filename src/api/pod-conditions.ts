/** What a Pod's status and spec say of it: the predicates that controllers, scheduler, kubelet and printers share. */
import { parseTimestamp } from '../base/clock.ts';
import type { Container, Pod, PodCondition } from './generated/core-v1.ts';

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  const conditions = pod.status?.conditions;
  if (conditions === undefined) return undefined;
  for (const condition of conditions) if (condition.type === type) return condition;
  return undefined;
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, 'Ready')?.status === 'True';
}

/** Marked for deletion; it may still be running. */
export function isPodTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined;
}

/** All containers have ended and none will be started again. */
export function isPodTerminal(pod: Pod): boolean {
  return isEnd(pod.status?.phase);
}

/** A phase that a Pod never leaves. */
export function isEnd(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Counts towards a workload's replicas: neither ended nor being deleted. @see controller.IsPodActive */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && !isPodTerminating(pod);
}

/**
 * Ready, and has been for `minReadySeconds`.
 * @see k8s.io/kubernetes/pkg/api/v1/pod IsPodAvailable
 */
export function isPodAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  if (!isPodReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const since = readySinceMs(pod);
  return since !== undefined && since + minReadySeconds * 1000 <= nowMs;
}

/** When the Pod last became Ready, wall ms; `undefined` while it is not. */
export function readySinceMs(pod: Pod): number | undefined {
  const condition = podCondition(pod, 'Ready');
  return condition?.status === 'True' ? parseTimestamp(condition.lastTransitionTime) : undefined;
}

/** An init container that keeps running beside the main ones. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** The priority from which a Pod counts as critical to a node. @see scheduling.SystemCriticalPriority */
export const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;
