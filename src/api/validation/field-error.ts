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
  const why = detail === '' ? '' : `: ${detail}`;
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${showValue(value)}${why}` };
}

/** For what is wrong with a field as a whole, so that its value says nothing. */
export function invalidWhole(field: string, detail: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${detail}` };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  return unsupported(field, value, [...supported].sort());
}

/** The supported values in the order given: upstream has one that is not the alphabet's for some fields. */
export function unsupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const names = supported.map((name) => JSON.stringify(name));
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${showValue(value)}: supported values: ${names.join(', ')}`,
  };
}

export function duplicate(field: string, value: unknown, detail = ''): FieldError {
  const why = detail === '' ? '' : `: ${detail}`;
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${showValue(value)}${why}` };
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

export function notFound(field: string, value: unknown, detail = ''): FieldError {
  const message = `Not found: ${showValue(value)}${detail === '' ? '' : `: ${detail}`}`;
  return { reason: 'FieldValueNotFound', field, message };
}

function showValue(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

/** A small body can hold a million faults: `[{},{},…]`. More than this nobody reads. */
const ERRORS_MAX = 500;
/** In characters: each fault may show a value, or a path, as long as the body. */
const TEXT_MAX = 256 * 1024;

/** The items of a list or a map that are still worth judging: until there are more `errors` than are shown. */
export function* untilMany<T>(errors: readonly FieldError[], items: Iterable<T>): Generator<T, void> {
  for (const item of items) {
    if (errors.length > ERRORS_MAX) return;
    yield item;
  }
}

/** What is wrong with each item in turn, as {@link untilMany} gives them. */
export function errorsOfEach<T>(
  items: Iterable<T>,
  errorsOf: (item: T, index: number) => readonly FieldError[],
): FieldError[] {
  const errors: FieldError[] = [];
  let index = 0;
  for (const item of untilMany(errors, items)) errors.push(...errorsOf(item, index++));
  return errors;
}

/** `Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be …`; of many the first. */
export function toInvalidError(
  kind: { group: string; kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const shown = firstErrors(errors);
  const texts = [...new Set(shown.map(({ field, message }) => `${field}: ${message}`))];
  if (errors.length > shown.length) texts.push('and more');
  const listed = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const qualified = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const causes: StatusCause[] = shown.map(({ reason, field, message }) => ({ reason, message, field }));
  return new StatusError('Invalid', `${qualified} "${name}" is invalid: ${listed}`, {
    details: { name, group: kind.group, kind: kind.kind, causes },
  });
}

/** At least one, and then as many as {@link ERRORS_MAX} and {@link TEXT_MAX} allow. */
function firstErrors(errors: readonly FieldError[]): readonly FieldError[] {
  let length = 0;
  const end = errors.findIndex(({ field, message }, index) => {
    length += field.length + message.length;
    return index > 0 && (index >= ERRORS_MAX || length > TEXT_MAX);
  });
  return end < 0 ? errors : errors.slice(0, end);
}
