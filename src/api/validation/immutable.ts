/** Fields that stay as they were created. @see k8s.io/apimachinery/pkg/api/validation/objectmeta.go ValidateImmutableField */
import { equalJson } from '../json.ts';
import { type FieldError, invalid } from './field-error.ts';

export function validateImmutable(field: string, now: unknown, before: unknown): FieldError[] {
  return equalJson(now, before) ? [] : [invalid(field, now, 'field is immutable')];
}
