/**
 * Validation of references to an object of any kind in the same namespace.
 * @see kubernetes/kubernetes pkg/apis/networking/validation/validation.go validateIngressTypedLocalObjectReference
 */
import type { TypedLocalObjectReference } from '../generated/core-v1.ts';
import { named } from './field-checks.ts';
import { type FieldError, required } from './field-error.ts';
import { dns1123SubdomainProblem, pathSegmentProblem } from './names.ts';

export function validateTypedReference(
  { apiGroup, kind, name }: TypedLocalObjectReference,
  field: string,
): FieldError[] {
  const segment = (part: string, value: string) =>
    value
      ? named(`${field}.${part}`, value, pathSegmentProblem(value))
      : [required(`${field}.${part}`, `${part} is required`)];
  return [
    ...(apiGroup === undefined
      ? []
      : named(`${field}.apiGroup`, apiGroup, dns1123SubdomainProblem(apiGroup))),
    ...segment('kind', kind),
    ...segment('name', name),
  ];
}
