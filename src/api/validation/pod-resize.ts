/**
 * What a write through the `resize` door may change: how much cpu and memory the containers and sidecars ask for and may
 * use, not what kind of Pod that makes. The door itself lets nothing else through.
 */
import type { Container, Pod, ResourceRequirements } from '../generated/core-v1.ts';
import { isSidecar } from '../pod-conditions.ts';
import { podQosClass } from '../pod-qos.ts';
import { isResizable } from '../pod-resize.ts';
import { equalLists, pickResources, type ResourceList } from '../resource-list.ts';
import { errorsOfEach, type FieldError, forbidden, invalid } from './field-error.ts';

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
const LISTS = ['requests', 'limits'] as const;

/** @see Kubernetes ValidatePodResize */
export function validatePodResize(pod: Pod, old: Pod): FieldError[] {
  const refused = whyNever(old);
  if (refused !== undefined) return [forbidden('', refused)];
  const errors: FieldError[] = [];
  if (podQosClass(pod) !== (old.status?.qosClass ?? podQosClass(old))) {
    const value = pod.status?.qosClass ?? '';
    errors.push(invalid('spec', value, 'Pod QOS Class may not change as a result of resizing'));
  }
  if (!isSupportedByNode(old))
    errors.push(forbidden('spec', 'Pod running on node without support for resize'));
  errors.push(...containerErrors(pod, old, 'containers'), ...containerErrors(pod, old, 'initContainers'));
  return errors;
}

function whyNever({ metadata, spec }: Pod): string | undefined {
  const { resources } = spec as { resources?: ResourceRequirements };
  const ofPod = { ...resources?.requests, ...resources?.limits };
  if (Object.keys(ofPod).length > 0) return 'pods with pod-level resources cannot be resized';
  if (metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return 'static pods cannot be resized';
  return spec.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined;
}

/** A kubelet that resizes says of each running container what it has. */
function isSupportedByNode({ status }: Pod): boolean {
  const running = status?.containerStatuses?.find(({ state }) => state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

function containerErrors(pod: Pod, old: Pod, list: 'containers' | 'initContainers'): FieldError[] {
  const now = new Map((pod.spec[list] ?? []).map((container) => [container.name, container]));
  return errorsOfEach(old.spec[list] ?? [], (before, i) => {
    const after = now.get(before.name) ?? before;
    const isPlainInit = list === 'initContainers' && !isSidecar(before);
    return isPlainInit
      ? initErrors(after, before)
      : resizeErrors(after, before, `spec.${list}[${i}].resources`);
  });
}

function initErrors({ resources: now = {} }: Container, { resources: old = {} }: Container): FieldError[] {
  const isSame = LISTS.every((list) => equalLists(now[list] ?? {}, old[list] ?? {}));
  return isSame ? [] : [forbidden('spec', 'resources for non-sidecar init containers are immutable')];
}

function resizeErrors(after: Container, before: Container, field: string): FieldError[] {
  const { resources: now = {} } = after;
  const { resources: old = {} } = before;
  const errors: FieldError[] = [];
  for (const list of LISTS) {
    if (isRemoved(now[list], old[list]))
      errors.push(forbidden(`${field}.${list}`, `resource ${list} cannot be removed`));
  }
  const isFixedSame = LISTS.every((list) => equalLists(fixed(now[list]), fixed(old[list])));
  const of = isSidecar(before) ? ' for sidecar containers' : '';
  if (!isFixedSame) errors.push(forbidden('spec', `only cpu and memory resources${of} are mutable`));
  return errors;
}

function isRemoved(now: ResourceList = {}, old: ResourceList = {}): boolean {
  return Object.keys(old).some((name) => !Object.hasOwn(now, name));
}

function fixed(list: ResourceList = {}): ResourceList {
  return pickResources(list, (name) => !isResizable(name));
}
