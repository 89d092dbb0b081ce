/**
 * Validation of the names of resources, wherever amounts of them are given.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateResourceName, validateContainerResourceName
 */
import { isExtendedResource, isHugePages, isNativeResource, isStandardResource } from '../resource-names.ts';
import { type FieldError, invalid } from './field-error.ts';
import { qualifiedNameProblem } from './names.ts';

const OF_CONTAINERS = new Set(['cpu', 'ephemeral-storage', 'memory']);

/** Of any resource that Kubernetes or a device knows. */
export function validateResourceName(name: string, field: string): FieldError[] {
  const problem = qualifiedNameProblem(name);
  if (problem !== undefined) return [invalid(field, name, problem)];
  if (name.includes('/') || isStandardResource(name)) return [];
  return [invalid(field, name, 'must be a standard resource type or fully qualified')];
}

/** Of one that a container may ask for. */
export function validateContainerResourceName(name: string, field: string): FieldError[] {
  const unfit = containerProblem(name);
  const errors = validateResourceName(name, field);
  return unfit === undefined ? errors : [...errors, invalid(field, name, unfit)];
}

function containerProblem(name: string): string | undefined {
  if (name.includes('/')) {
    const isKnown = isNativeResource(name) || isExtendedResource(name);
    return isKnown ? undefined : "doesn't follow extended resource name standard";
  }
  const isKnown = OF_CONTAINERS.has(name) || isHugePages(name);
  return isKnown ? undefined : 'must be a standard resource for containers';
}
