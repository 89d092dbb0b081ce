/** Validation of what a container may say only with regard to its Pod: whose users it has, what it claims, how it stops. */
import type { Container, PodSpec } from '../generated/core-v1.ts';
import { isSidecar } from '../pod-conditions.ts';
import { type FieldError, untilMany } from './field-error.ts';
import { containersOf } from './pod-containers.ts';
import { validateStopSignal } from './pod-os.ts';
import { validateUsedClaims } from './resource-claims.ts';
import { validateSecurityContext } from './security-context.ts';

/** @param field  of the Pod's spec */
export function validateContainersInPod(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const hostUsers = spec.hostUsers ?? true;
  for (const { container, path, list } of untilMany(errors, containersOf(spec, field))) {
    const { securityContext, resources, lifecycle } = container;
    if (securityContext !== undefined)
      errors.push(...validateSecurityContext(securityContext, `${path}.securityContext`, hostUsers));
    if (resources?.claims !== undefined)
      errors.push(...validateUsedClaims(resources.claims, `${path}.resources.claims`, spec));
    // A container that runs to completion may have no lifecycle at all, and hears so elsewhere.
    if (lifecycle?.stopSignal !== undefined && mayHaveLifecycle(list, container))
      errors.push(...validateStopSignal(lifecycle.stopSignal, `${path}.lifecycle.stopSignal`, spec.os));
  }
  return errors;
}

function mayHaveLifecycle(list: string, container: Container): boolean {
  return list === 'containers' || (list === 'initContainers' && isSidecar(container));
}
