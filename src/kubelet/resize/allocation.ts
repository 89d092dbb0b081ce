/**
 * What of its spec's resources a Pod has been given by its node, container by container. Pure. While no resize is open both
 * are the same, and nothing is kept.
 */
import type { Container, ContainerStatus, Pod, ResourceRequirements } from '../../api/generated/core-v1.ts';
import { equalResizable, resizableContainers, statusOfContainer } from '../../api/pod-resize.ts';
import type { ContainerStatus as Instance } from '../../container-runtime/runtime.ts';
import { newestContainer, RESOURCES_ANNOTATION } from '../container-identity.ts';

/** By container name: main containers and sidecars. */
export type Allocation = ReadonlyMap<string, ResourceRequirements>;

export function allocationOf(pod: Pod): Allocation {
  return new Map(resizableContainers(pod).map(({ name, resources = {} }) => [name, resources]));
}

/** Whether `pod` asks for just what it has been given. */
export function isAllocated(pod: Pod, allocation: Allocation): boolean {
  return resizableContainers(pod).every(({ name, resources }) =>
    equalResizable(resources, allocation.get(name) ?? resources),
  );
}

/** The Pod as its node gives to it. */
export function withAllocation(pod: Pod, allocation: Allocation): Pod {
  const give = (container: Container): Container => {
    const resources = allocation.get(container.name);
    return resources === undefined ? container : { ...container, resources };
  };
  const { containers, initContainers } = pod.spec;
  const given = {
    containers: containers.map(give),
    ...(initContainers && { initContainers: initContainers.map(give) }),
  };
  return { ...pod, spec: { ...pod.spec, ...given } };
}

/** What an instance was created with; `undefined` for one that does not say. */
export function createdWith({ annotations }: Instance): ResourceRequirements | undefined {
  const text = annotations[RESOURCES_ANNOTATION];
  return text === undefined ? undefined : (JSON.parse(text) as ResourceRequirements);
}

export interface LeftBehind {
  allocation: Allocation;
  /** By id of the instance. */
  actual: Map<string, ResourceRequirements>;
}

/**
 * What an agent before this one had given: what the Pod's status says of an instance, which came later, else what it was
 * created with. `undefined` when that is what the spec says, as it nearly always is.
 */
export function resourcesLeftBehind(pod: Pod, instances: readonly Instance[]): LeftBehind | undefined {
  if (instances.length === 0) return undefined;
  const allocation = new Map(allocationOf(pod));
  const actual = new Map<string, ResourceRequirements>();
  let isOther = false;
  for (const { name, resources } of resizableContainers(pod)) {
    const instance = newestContainer(instances, name);
    if (instance === undefined) continue;
    const created = createdWith(instance);
    const given = reportedOf(statusOfContainer(pod, name), instance) ?? created;
    if (given === undefined) continue;
    allocation.set(name, given);
    actual.set(instance.id, given);
    if (!equalResizable(given, resources) || !equalResizable(created, given)) isOther = true;
  }
  return isOther ? { allocation, actual } : undefined;
}

function reportedOf(status: ContainerStatus | undefined, { id }: Instance): ResourceRequirements | undefined {
  return status?.containerID?.endsWith(`//${id}`) ? status.resources : undefined;
}
