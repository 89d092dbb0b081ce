/** @see kubernetes/kubernetes pkg/apis/core/validation/validation.go ValidateCSIDriverName */
import { named } from './field-checks.ts';
import { type FieldError, required, tooLong } from './field-error.ts';
import { dns1123SubdomainProblem, LABEL_MAX } from './names.ts';

export function validateCsiDriverName(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  const errors = name.length > LABEL_MAX ? [tooLong(field, LABEL_MAX)] : [];
  return [...errors, ...named(field, name, dns1123SubdomainProblem(name.toLowerCase()))];
}
