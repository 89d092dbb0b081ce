/**
 * Which parts of a Pod may be resized in place, and what its parts have while that is under way.
 *
 *     spec … resources ──kubelet: it fits──► status … allocatedResources ──runtime──► status … resources
 *
 * @see kubernetes/enhancements keps/sig-node/1287-in-place-update-pod-resources
 */
import type { Container, ContainerStatus, Pod, ResourceRequirements } from './generated/core-v1.ts';
import { isSidecar } from './pod-conditions.ts';
import { equalLists, pickResources, type ResourceList } from './resource-list.ts';

export const RESIZE_PENDING = 'PodResizePending';
export const RESIZE_IN_PROGRESS = 'PodResizeInProgress';

export function isResizable(resource: string): boolean {
  return resource === 'cpu' || resource === 'memory';
}

/** Main containers and sidecars: those that run for as long as the Pod does. */
export function resizableContainers({ spec }: Pod): Container[] {
  return [...(spec.initContainers ?? []).filter(isSidecar), ...spec.containers];
}

/** Whether both ask for and limit as much cpu and memory. */
export function equalResizable(a: ResourceRequirements = {}, b: ResourceRequirements = {}): boolean {
  return (['requests', 'limits'] as const).every((list) =>
    equalLists(resizableOf(a[list] ?? {}), resizableOf(b[list] ?? {})),
  );
}

/** The part of `list` that may be resized. */
export function resizableOf(list: ResourceList): ResourceList {
  return pickResources(list, isResizable);
}

export function statusOfContainer({ status }: Pod, name: string): ContainerStatus | undefined {
  const isNamed = (of: ContainerStatus) => of.name === name;
  return status?.containerStatuses?.find(isNamed) ?? status?.initContainerStatuses?.find(isNamed);
}
