/** Validation of taints of devices that a request puts up with. @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go validateDeviceToleration */
import type { DeviceToleration } from '../generated/resource-v1.ts';
import { validateLabelKey } from './device-names.ts';
import { named, oneInOrder, oneOf } from './field-checks.ts';
import { errorsOfEach, type FieldError, invalid, required } from './field-error.ts';
import { labelValueProblem } from './names.ts';

const OPERATORS = ['Equal', 'Exists'];
export const TAINT_EFFECTS = ['NoSchedule', 'NoExecute', 'None'];

export function validateDeviceTolerations(
  tolerations: readonly DeviceToleration[],
  field: string,
): FieldError[] {
  return errorsOfEach(tolerations, (toleration, index) => {
    const { key, effect } = toleration;
    const at = `${field}[${index}]`;
    return [
      ...(key ? validateLabelKey(key, `${at}.key`) : []),
      ...validateOperator(toleration, at),
      ...(effect ? oneOf(`${at}.effect`, effect, TAINT_EFFECTS) : []),
    ];
  });
}

function validateOperator({ operator, value = '' }: DeviceToleration, field: string): FieldError[] {
  const at = `${field}.value`;
  if (!operator) return [required(`${field}.operator`)];
  if (operator === 'Equal') return named(at, value, labelValueProblem(value));
  if (operator !== 'Exists') return oneInOrder(`${field}.operator`, operator, OPERATORS);
  return value === '' ? [] : [invalid(at, value, 'must be empty for operator `Exists`')];
}
