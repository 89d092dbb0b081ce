/** Fields that hold one of a few words. */
import { type FieldError, notSupported, required } from './field-error.ts';

export function requiredOneOf(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] {
  if (!value) return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}
