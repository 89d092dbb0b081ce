/**
 * Whether a node can give a Pod what its spec asks for now. Pure.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/lifecycle/predicate.go, of a resize
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import { isResizable } from '../../api/pod-resize.ts';
import { podRequests, toAmount, totalRequests } from '../../api/pod-resources.ts';
import { notEnough } from '../admission.ts';

/** Why a resize waits: for another Pod to go, or for ever. */
export interface ResizeRefusal {
  reason: 'Deferred' | 'Infeasible';
  message: string;
}

/** @param others  the Pods that the node has given something to, as it did */
export function refuseResize(
  pod: Pod,
  allocatable: Readonly<Record<string, string>>,
  others: readonly Pod[],
): ResizeRefusal | undefined {
  const total = totalRequests(others);
  for (const [name, requested] of podRequests(pod)) {
    if (!isResizable(name)) continue;
    const capacity = toAmount(name, allocatable[name] ?? '0');
    if (requested > capacity) {
      const amounts = `${name}, requested: ${requested}, capacity: ${capacity}`;
      return { reason: 'Infeasible', message: `Node didn't have enough capacity: ${amounts}` };
    }
    const used = total.get(name) ?? 0;
    if (requested + used <= capacity) continue;
    return { reason: 'Deferred', message: notEnough(name, { requested, used, capacity }) };
  }
  return undefined;
}
