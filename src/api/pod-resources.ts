/**
 * What a Pod asks of its node: the sum of its containers, or the peak of its init containers where that is more.
 * @see k8s.io/component-helpers/resource/helpers.go PodRequests
 */
import { milliValue, wholeValue } from '../base/quantity.ts';
import type { Container, Pod } from './generated/core-v1.ts';
import { isSidecar, podCondition } from './pod-conditions.ts';
import { RESIZE_PENDING, statusOfContainer } from './pod-resize.ts';
import { isPodLevelResource } from './resource-names.ts';

/** CPU in thousandths of a core, everything else in whole units (bytes, pieces). */
export type ResourceAmounts = Map<string, number>;

export function toAmount(name: string, quantity: string): number {
  return name === 'cpu' ? milliValue(quantity) : wholeValue(quantity);
}

export function toAmounts(quantities: Readonly<Record<string, string>> | undefined): ResourceAmounts {
  return new Map(
    Object.entries(quantities ?? {}).map(([name, quantity]) => [name, toAmount(name, quantity)]),
  );
}

function requestsOf(container: Container): ResourceAmounts {
  return toAmounts(container.resources?.requests);
}

/**
 * As {@link podRequests}, of a Pod that runs: while it is resized, what it asks for, has been given and still has, whichever
 * is most; what its node will never have counts for nothing.
 */
export function reservedRequests(pod: Pod): ResourceAmounts {
  const isHopeless = podCondition(pod, RESIZE_PENDING)?.reason === 'Infeasible';
  return sumOfContainers(pod, (container) => {
    const status = statusOfContainer(pod, container.name);
    const own = isHopeless && status?.resources !== undefined ? new Map() : requestsOf(container);
    raise(own, toAmounts(status?.allocatedResources));
    raise(own, toAmounts(status?.resources?.requests));
    return own;
  });
}

/**
 * The Pod's effective requests, its overhead included. Main containers and sidecars run together. Each ordinary init
 * container runs beside the sidecars started before it; the Pod needs the largest of those moments. What the Pod asks for
 * as a whole counts instead of what its containers do.
 */
export function podRequests(pod: Pod): ResourceAmounts {
  return sumOfContainers(pod, requestsOf);
}

/** What all of `pods` ask for. */
export function totalRequests(pods: readonly Pod[]): ResourceAmounts {
  const total: ResourceAmounts = new Map();
  for (const pod of pods) add(total, podRequests(pod));
  return total;
}

function sumOfContainers(pod: Pod, of: (container: Container) => ResourceAmounts): ResourceAmounts {
  const running: ResourceAmounts = new Map();
  for (const container of pod.spec.containers) add(running, of(container));
  const sidecars: ResourceAmounts = new Map();
  const peak: ResourceAmounts = new Map();
  for (const container of pod.spec.initContainers ?? []) {
    const own = of(container);
    if (isSidecar(container)) {
      add(running, own);
      add(sidecars, own);
      raise(peak, sidecars);
    } else {
      const together = new Map(sidecars);
      add(together, own);
      raise(peak, together);
    }
  }
  raise(running, peak);
  for (const [name, amount] of toAmounts(pod.spec.resources?.requests))
    if (isPodLevelResource(name)) running.set(name, amount);
  add(running, toAmounts(pod.spec.overhead));
  return running;
}

function add(total: ResourceAmounts, amounts: ResourceAmounts): void {
  for (const [name, amount] of amounts) total.set(name, (total.get(name) ?? 0) + amount);
}

function raise(total: ResourceAmounts, amounts: ResourceAmounts): void {
  for (const [name, amount] of amounts) total.set(name, Math.max(total.get(name) ?? 0, amount));
}
