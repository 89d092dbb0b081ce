/**
 * Validation of Pods and Pod templates.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidatePodSpec, ValidatePodCreate
 */
import type { Container, Pod, PodSpec, PodTemplate, PodTemplateSpec } from '../generated/core-v1.ts';
import { isSidecar } from '../pod-conditions.ts';
import { type ContainerContext, validateContainer, validateInitContainer } from './container.ts';
import { validateContainersInPod } from './container-in-pod.ts';
import { validateEphemeralContainers } from './ephemeral-containers.ts';
import { duplicate, type FieldError, forbidden, notSupported, required, untilMany } from './field-error.ts';
import { validateAnnotations, validateLabels } from './object-meta.ts';
import { validatePodAnnotations, validateProfileAnnotations } from './pod-annotations.ts';
import { validatePodFields } from './pod-fields.ts';
import { validatePodLevelResources } from './pod-level-resources.ts';
import { validateHostPorts } from './pod-network.ts';
import { validateTokenAccount } from './projected-volume.ts';
import { validateVolumes } from './volumes.ts';
import { validateHostProcess } from './windows-options.ts';

/** What holds of a Pod at any time. */
export function validatePod({ metadata, spec }: Pod): FieldError[] {
  return [
    ...validatePodAnnotations(metadata.annotations, 'metadata.annotations', spec),
    ...validatePodSpec(spec, 'spec', metadata.name ?? ''),
    ...validateTokenAccount(spec),
  ];
}

/** What a Pod may come to it may not begin with. */
export function validatePodCreate(pod: Pod): FieldError[] {
  const { ephemeralContainers = [], nodeName, schedulingGates = [] } = pod.spec;
  const errors = [...validatePod(pod), ...validateProfileAnnotations(pod)];
  if (ephemeralContainers.length > 0)
    errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  if (nodeName && schedulingGates.length > 0)
    errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  return errors;
}

export function validatePodTemplateObject({ template }: PodTemplate): FieldError[] {
  return validatePodTemplate(template, 'template');
}

export function validatePodTemplate(template: PodTemplateSpec | undefined, field: string): FieldError[] {
  const { metadata, spec = {} as PodSpec } = template ?? {};
  const errors = [
    ...validateLabels(metadata?.labels, `${field}.labels`),
    ...validateAnnotations(metadata?.annotations, `${field}.annotations`),
    ...validatePodAnnotations(metadata?.annotations, `${field}.annotations`, spec),
    ...validatePodSpec(spec, `${field}.spec`),
  ];
  if ((spec.ephemeralContainers?.length ?? 0) > 0) {
    const why = 'ephemeral containers not allowed in pod template';
    errors.push(forbidden(`${field}.spec.ephemeralContainers`, why));
  }
  return errors;
}

/** @param podName  as {@link validateVolumes} takes it */
export function validatePodSpec(spec: PodSpec, field: string, podName?: string): FieldError[] {
  const volumes = validateVolumes(spec.volumes ?? [], `${field}.volumes`, podName);
  const context: ContainerContext = {
    volumes: volumes.valid,
    restartPolicy: spec.restartPolicy,
    gracePeriodSeconds: spec.terminationGracePeriodSeconds,
    isPod: podName !== undefined,
  };
  return [
    ...volumes.errors,
    ...validateContainers(spec, field, context),
    ...validateContainersInPod(spec, field),
    ...validateHostPorts(spec, field),
    ...validatePodLevelResources(spec, field),
    ...validatePodFields(spec, field),
    ...validateHostProcess(spec, field),
  ];
}

function validateContainers(spec: PodSpec, field: string, context: ContainerContext): FieldError[] {
  const names = new Set<string>();
  const check = (container: Container, path: string, validate: typeof validateContainer): FieldError[] => {
    const errors = validate(container, path, context);
    if (names.has(container.name)) errors.push(duplicate(`${path}.name`, container.name));
    names.add(container.name);
    return errors;
  };
  const errors = (spec.containers?.length ?? 0) === 0 ? [required(`${field}.containers`)] : [];
  for (const [i, container] of untilMany(errors, (spec.containers ?? []).entries())) {
    errors.push(...check(container, `${field}.containers[${i}]`, validateContainer));
  }
  for (const [i, container] of untilMany(errors, (spec.initContainers ?? []).entries())) {
    const validate = isSidecar(container) ? validateContainer : validateInitContainer;
    errors.push(...check(container, `${field}.initContainers[${i}]`, validate));
  }
  return [...errors, ...validateEphemeralContainers(spec, `${field}.ephemeralContainers`, context)];
}

/** Of the templates in workloads: their Pods must always be restarted. */
export function validateRestartsAlways(spec: PodSpec | undefined, field: string): FieldError[] {
  const policy = spec?.restartPolicy ?? 'Always';
  return policy === 'Always' ? [] : [notSupported(`${field}.restartPolicy`, policy, ['Always'])];
}
