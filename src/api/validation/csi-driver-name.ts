/** Names of storage and device drivers. @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateCSIDriverName */
import { named } from './field-checks.ts';
import { type FieldError, required, tooLong } from './field-error.ts';
import { dns1123SubdomainProblem, LABEL_MAX } from './names.ts';

/** An empty one is complained of twice. */
export function validateCsiDriverName(name = '', field: string): FieldError[] {
  const errors = name === '' ? [required(field)] : [];
  if (name.length > LABEL_MAX) errors.push(tooLong(field, LABEL_MAX));
  return [...errors, ...named(field, name, dns1123SubdomainProblem(name.toLowerCase()))];
}
