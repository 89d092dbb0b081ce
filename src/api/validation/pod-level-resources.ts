/**
 * Validation of what a Pod asks for as a whole: at least what its containers request, at most what none of them exceeds.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validatePodResources
 */
import { compareQuantities } from '../../base/quantity.ts';
import type { PodSpec } from '../generated/core-v1.ts';
import { containerRequests } from '../pod-usage.ts';
import { isPodLevelResource } from '../resource-names.ts';
import { validateRequirements } from './container-resources.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, notSupported } from './field-error.ts';
import { validateResourceName } from './resource-name.ts';

const SUPPORTED = ['cpu', 'memory'];

/** @param field  of the Pod's spec */
export function validatePodLevelResources(spec: PodSpec, field: string): FieldError[] {
  const { resources } = spec;
  if (resources === undefined) return [];
  const path = `${field}.resources`;
  const claims =
    resources.claims === undefined
      ? []
      : [forbidden(`${path}.claims`, 'claims may not be set for Resources at pod-level')];
  const errors = [...claims, ...validateRequirements(resources, path, validateName)];
  return errors.length > 0 ? errors : [...validateSum(spec, path), ...validateParts(spec, field)];
}

function validateName(name: string, field: string): FieldError[] {
  const errors = validateResourceName(name, field);
  if (errors.length > 0 || isPodLevelResource(name)) return errors;
  return [notSupported(field, name, SUPPORTED)];
}

function validateSum(spec: PodSpec, field: string): FieldError[] {
  return errorsOfEach(Object.entries(containerRequests(spec)), ([name, sum]) => {
    const own = spec.resources?.requests?.[name];
    if (own === undefined || compareQuantities(own, sum) >= 0) return [];
    const why = `must be greater than or equal to aggregate container requests of ${sum}`;
    return [invalid(`${field}.requests[${name}]`, own, why)];
  });
}

function validateParts({ containers, resources }: PodSpec, field: string): FieldError[] {
  return errorsOfEach(containers ?? [], ({ resources: { limits = {} } = {} }, index) =>
    errorsOfEach(Object.entries(limits), ([name, limit]) => {
      const most = resources?.limits?.[name];
      if (most === undefined || compareQuantities(limit, most) <= 0) return [];
      const path = `${field}.containers[${index}].resources.limits[${name}]`;
      return [invalid(path, limit, `must be less than or equal to pod limits of ${most}`)];
    }),
  );
}
