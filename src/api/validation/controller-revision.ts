/**
 * Validation of ControllerRevisions: what a revision says is history.
 * @see k8s.io/kubernetes/pkg/apis/apps/validation/validation.go ValidateControllerRevision
 */
import type { ControllerRevision } from '../generated/apps-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { notNegative } from './field-checks.ts';
import { type FieldError, invalid, required } from './field-error.ts';

export function validateControllerRevision({ data, revision }: ControllerRevision): FieldError[] {
  const errors = data === undefined ? [required('data', 'data is mandatory')] : [];
  return [...errors, ...notNegative('revision', revision)];
}

export function validateControllerRevisionUpdate(
  revision: ControllerRevision,
  old: ControllerRevision,
): FieldError[] {
  const errors = validateControllerRevision(revision);
  if (!equalJson(revision.data as JsonValue, old.data as JsonValue))
    errors.push(invalid('data', revision.data, 'field is immutable'));
  return errors;
}
