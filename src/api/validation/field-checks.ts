/** The checks of one value that many kinds share, as lists of what is wrong with it. */
import { type FieldError, invalid, notSupported, required, unsupported } from './field-error.ts';

export function named(field: string, value: unknown, problem: string | undefined): FieldError[] {
  return problem === undefined ? [] : [invalid(field, value, problem)];
}

/** What must be there, and then be well named. */
export function namedRequired(
  field: string,
  value: string | undefined,
  problemOf: (value: string) => string | undefined,
): FieldError[] {
  return value ? named(field, value, problemOf(value)) : [required(field)];
}

/** Each of the fields of `object` that must be said and is not. */
export function requiredFields<T extends object>(
  field: string,
  object: T,
  names: readonly (keyof T & string)[],
): FieldError[] {
  return names.filter((name) => !object[name]).map((name) => required(`${field}.${name}`));
}

export function oneOf(field: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** As {@link oneOf}, where upstream names the values in an order of its own. */
export function oneInOrder(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] {
  return value === undefined || supported.includes(value) ? [] : [unsupported(field, value, supported)];
}

export function notNegative(field: string, value: number | undefined): FieldError[] {
  return value === undefined || value >= 0
    ? []
    : [invalid(field, value, 'must be greater than or equal to 0')];
}

export function between(field: string, value: number, [min, max]: readonly [number, number]): FieldError[] {
  return value >= min && value <= max
    ? []
    : [invalid(field, value, `must be between ${min} and ${max}, inclusive`)];
}
