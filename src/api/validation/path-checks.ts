/**
 * Paths of files: those inside a volume may not leave it.
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateLocalDescendingPath, ValidateLocalNonReservedPath
 */
import { type FieldError, invalid } from './field-error.ts';

export function validateNoBacksteps(path: string, field: string): FieldError[] {
  return hasBacksteps(path) ? [invalid(field, path, "must not contain '..'")] : [];
}

export function hasBacksteps(path: string): boolean {
  return path.includes('..') && path.split('/').includes('..');
}

export function validateRelativePath(path: string, field: string): FieldError[] {
  const errors = path.startsWith('/') ? [invalid(field, path, 'must be a relative path')] : [];
  return [...errors, ...validateNoBacksteps(path, field)];
}

/** Of a file that the kubelet writes: names that begin with `..` are its own. */
export function validateFilePath(path: string | undefined, field: string): FieldError[] {
  if (!path) return [];
  const errors = validateRelativePath(path, field);
  if (path.startsWith('..') && !path.startsWith('../'))
    errors.push(invalid(field, path, "must not start with '..'"));
  return errors;
}

const FILE_MODE_MAX = 0o777;

export function validateFileMode(mode: number | undefined, field: string): FieldError[] {
  return mode === undefined || (mode >= 0 && mode <= FILE_MODE_MAX)
    ? []
    : [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}
