/**
 * Validation of fields that take a count or a share of a total: `maxSurge: 25%`.
 * @see k8s.io/kubernetes/pkg/apis/apps/validation/validation.go ValidatePositiveIntOrPercent, IsNotMoreThan100Percent
 */
import { notNegative } from './field-checks.ts';
import { type FieldError, invalid } from './field-error.ts';

export type IntOrPercent = number | string | undefined;

const PERCENT = /^[0-9]+%$/;
const NOT_A_PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

export function validateIntOrPercent(value: IntOrPercent, field: string): FieldError[] {
  if (typeof value !== 'string') return notNegative(field, value);
  return PERCENT.test(value) ? [] : [invalid(field, value, NOT_A_PERCENT)];
}

/** A part of a whole: no more than all of it. */
export function validateAtMostAll(value: IntOrPercent, field: string): FieldError[] {
  if (typeof value !== 'string' || !PERCENT.test(value) || Number.parseInt(value, 10) <= 100) return [];
  return [invalid(field, value, 'must not be greater than 100%')];
}

/** What is no number counts as nothing, as in upstream. */
export function isNothing(value: IntOrPercent): boolean {
  if (typeof value !== 'string') return (value ?? 0) === 0;
  return !/^[+-]?[0-9]+%?$/.test(value) || Number.parseInt(value, 10) === 0;
}
