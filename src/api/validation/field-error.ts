/**
 * What is wrong with one field, in upstream's words, and how a list of such becomes an `Invalid` Status.
 *
 * @see k8s.io/apimachinery/pkg/util/validation/field/errors.go
 */
import { type StatusCause, StatusError } from '../../base/status-error.ts';

export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueNotFound'
  | 'FieldValueTypeInvalid';

export interface FieldError {
  reason: FieldErrorType;
  /** `spec.containers[0].name` */
  field: string;
  /** What stands behind the field in messages. */
  message: string;
}

export function required(field: string, detail = ''): FieldError {
  return {
    reason: 'FieldValueRequired',
    field,
    message: `Required value${detail === '' ? '' : `: ${detail}`}`,
  };
}

export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${showValue(value)}: ${detail}` };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const names = [...supported].sort().map((name) => JSON.stringify(name));
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${showValue(value)}: supported values: ${names.join(', ')}`,
  };
}

export function duplicate(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${showValue(value)}` };
}

export function forbidden(field: string, detail: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${detail}` };
}

export function tooLong(field: string, maxBytes: number): FieldError {
  return { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${maxBytes} bytes` };
}

export function tooMany(field: string, count: number, max: number): FieldError {
  return {
    reason: 'FieldValueTooMany',
    field,
    message: `Too many: ${count}: must have at most ${max} items`,
  };
}

export function notFound(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${showValue(value)}` };
}

function showValue(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

/** A small body can hold a million faults: `[{},{},…]`. More than this nobody reads. */
const SHOWN_MAX = 500;

/** `Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be …`; of many the first {@link SHOWN_MAX}. */
export function toInvalidError(
  kind: { group: string; kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const shown = errors.slice(0, SHOWN_MAX);
  const texts = [...new Set(shown.map(({ field, message }) => `${field}: ${message}`))];
  if (errors.length > shown.length) texts.push(`and ${errors.length - shown.length} more`);
  const listed = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const causes: StatusCause[] = shown.map(({ reason, field, message }) => ({ reason, message, field }));
  return new StatusError('Invalid', `${qualified} "${name}" is invalid: ${listed}`, {
    details: { name, group: kind.group, kind: kind.kind, causes },
  });
}
