/**
 * Validation of conditions of the common shape.
 * @see k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go ValidateConditions
 */
import type { Condition } from '../generated/meta-v1.ts';
import { named, notNegative } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
} from './field-error.ts';
import { qualifiedNameProblem } from './names.ts';

const STATUSES = ['False', 'True', 'Unknown'];
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const NOT_A_REASON =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";
const REASON_MAX_BYTES = 1024;
const MESSAGE_MAX_BYTES = 32 * 1024;

export function validateConditions(conditions: readonly Partial<Condition>[], field: string): FieldError[] {
  const seen = new Set<string>();
  return errorsOfEach(conditions, (condition, index) => {
    const { type = '' } = condition;
    const at = `${field}[${index}]`;
    const repeated = seen.has(type) ? [duplicate(`${at}.type`, type)] : [];
    seen.add(type);
    return [...repeated, ...validateCondition({ ...condition, type }, at)];
  });
}

function validateCondition(condition: Partial<Condition> & { type: string }, at: string): FieldError[] {
  const { type, status = '', reason = '', message = '' } = condition;
  return [
    ...named(`${at}.type`, type, qualifiedNameProblem(type)),
    ...(STATUSES.includes(status) ? [] : [notSupported(`${at}.status`, status, STATUSES)]),
    ...notNegative(`${at}.observedGeneration`, condition.observedGeneration),
    ...(condition.lastTransitionTime ? [] : [required(`${at}.lastTransitionTime`, 'must be set')]),
    ...validateReason(reason, `${at}.reason`),
    ...(message.length > MESSAGE_MAX_BYTES ? [tooLong(`${at}.message`, MESSAGE_MAX_BYTES)] : []),
  ];
}

function validateReason(reason: string, field: string): FieldError[] {
  if (reason === '') return [required(field, 'must be set')];
  return [
    ...(REASON.test(reason) ? [] : [invalid(field, reason, NOT_A_REASON)]),
    ...(reason.length > REASON_MAX_BYTES ? [tooLong(field, REASON_MAX_BYTES)] : []),
  ];
}
