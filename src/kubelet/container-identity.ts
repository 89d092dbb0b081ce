/**
 * How a container or sandbox in the runtime is tied to its Pod: upstream's labels and annotations, so that everything
 * needed to stop, restart or report a container is found on it after the agent's death, without the API.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/kuberuntime/labels.go
 */
import type { Container, Pod } from '../api/generated/core-v1.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';

export const POD_NAME_LABEL = 'io.kubernetes.pod.name';
export const POD_NAMESPACE_LABEL = 'io.kubernetes.pod.namespace';
export const POD_UID_LABEL = 'io.kubernetes.pod.uid';
export const CONTAINER_NAME_LABEL = 'io.kubernetes.container.name';

export const HASH_ANNOTATION = 'io.kubernetes.container.hash';
export const RESTART_COUNT_ANNOTATION = 'io.kubernetes.container.restartCount';
export const MESSAGE_PATH_ANNOTATION = 'io.kubernetes.container.terminationMessagePath';
export const MESSAGE_POLICY_ANNOTATION = 'io.kubernetes.container.terminationMessagePolicy';
export const PRE_STOP_ANNOTATION = 'io.kubernetes.container.preStopHandler';
export const POD_GRACE_ANNOTATION = 'io.kubernetes.pod.terminationGracePeriod';
/** Where on this machine the termination message is written. */
export const MESSAGE_HOST_PATH_ANNOTATION = 'kintsugi.dev/termination-message-host-path';
/** The back-off that this start used up, ms; see restart-backoff.ts. */
export const BACKOFF_ANNOTATION = 'kintsugi.dev/restart-backoff-ms';
/** The resources that the container was created with, as JSON. */
export const RESOURCES_ANNOTATION = 'kintsugi.dev/resources';
/** Value of the Pod's `kintsugi.dev/retry` at the start. */
export const RETRY_ANNOTATION = 'kintsugi.dev/retry';

export type ContainerKind = 'init' | 'main' | 'ephemeral';

/** One entry of the Pod's spec, whichever of its three lists it is from. */
export interface ContainerEntry {
  kind: ContainerKind;
  spec: Container;
}

export function containersOf(pod: Pod): ContainerEntry[] {
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec;
  return [
    ...initContainers.map((spec): ContainerEntry => ({ kind: 'init', spec })),
    ...containers.map((spec): ContainerEntry => ({ kind: 'main', spec })),
    ...ephemeralContainers.map((spec): ContainerEntry => ({ kind: 'ephemeral', spec })),
  ];
}

export function findContainer(pod: Pod, name: string): ContainerEntry | undefined {
  return containersOf(pod).find((entry) => entry.spec.name === name);
}

const FIELD_OF_KIND: Record<ContainerKind, string> = {
  init: 'initContainers',
  main: 'containers',
  ephemeral: 'ephemeralContainers',
};

/** `spec.containers{web}`, as Events name a container. */
export function containerFieldPath(entry: ContainerEntry): string {
  return `spec.${FIELD_OF_KIND[entry.kind]}{${entry.spec.name}}`;
}

/** Changes when the container must be replaced: with its name or image. @see kubecontainer.HashContainer */
export function containerHash(container: Container): string {
  const text = JSON.stringify([container.name, container.image ?? '']);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

/** `name_namespace(uid)`, as upstream's messages name a Pod. */
export function formatPod(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
}

/** The newest of `containers` with that name; they come newest first. */
export function newestContainer(
  containers: readonly ContainerStatus[],
  name: string,
): ContainerStatus | undefined {
  return containers.find((container) => container.metadata.name === name);
}

/** Newest first: by attempt, then by creation. */
export function byNewest(a: ContainerStatus, b: ContainerStatus): number {
  return b.metadata.attempt - a.metadata.attempt || b.createdAtMs - a.createdAtMs;
}
