/**
 * Validation of tolerations, of Pods and of RuntimeClasses.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidateTolerations
 */
import type { Toleration } from '../generated/core-v1.ts';
import { named, oneInOrder } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, notSupported } from './field-error.ts';
import { labelValueProblem, qualifiedNameProblem } from './names.ts';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const INT64_MAX = 2n ** 63n - 1n;

export function validateTolerations(tolerations: readonly Toleration[], field: string): FieldError[] {
  return errorsOfEach(tolerations, (toleration, i) => validateToleration(toleration, `${field}[${i}]`));
}

function validateToleration(toleration: Toleration, field: string): FieldError[] {
  const { key = '', operator = '', effect = '', tolerationSeconds } = toleration;
  const errors = key === '' ? [] : named(`${field}.key`, key, qualifiedNameProblem(key));
  if (key === '' && operator !== 'Exists') {
    const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${field}.operator`, operator, why));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(`${field}.effect`, effect, why));
  }
  errors.push(...validateValue(toleration, field));
  if (effect !== '') errors.push(...oneInOrder(`${field}.effect`, effect, EFFECTS));
  return errors;
}

/** What a value may be depends on what is done with it; no operator means `Equal`. */
function validateValue({ operator = '', value = '' }: Toleration, field: string): FieldError[] {
  switch (operator) {
    case '':
    case 'Equal':
      return named(`${field}.operator`, value, labelValueProblem(value));
    case 'Exists': {
      const why = "value must be empty when `operator` is 'Exists'";
      return value === '' ? [] : [invalid(`${field}.operator`, value, why)];
    }
    case 'Lt':
    case 'Gt':
      return integerProblems(value).map((problem) => invalid(`${field}.value`, value, problem));
    default:
      return [notSupported(`${field}.operator`, operator, ['Equal', 'Exists'])];
  }
}

/** As a person would write it, and as a 64-bit integer. */
function integerProblems(value: string): string[] {
  if (value === '') return ['must be non-empty', 'strconv.ParseInt: parsing "": invalid syntax'];
  const parsing = `strconv.ParseInt: parsing ${JSON.stringify(value)}`;
  const form = /^(0|-?[1-9]\d*)$/.test(value) ? [] : ['must be a valid decimal integer in canonical form'];
  if (!/^[-+]?\d+$/.test(value)) return [...form, `${parsing}: invalid syntax`];
  return isInt64(value) ? form : [...form, `${parsing}: value out of range`];
}

function isInt64(digits: string): boolean {
  // Longer than any such integer: not worth the conversion.
  const significant = digits.replace(/^([-+]?)0+(?=\d)/, '$1');
  if (significant.length > 20) return false;
  const value = BigInt(significant.replace(/^\+/, ''));
  return value <= INT64_MAX && value >= -INT64_MAX - 1n;
}

/** Tolerations may be added, and their times changed. */
export function validateTolerationsUpdate(
  tolerations: readonly Toleration[] = [],
  old: readonly Toleration[] = [],
  field: string,
): FieldError[] {
  const kept = new Set(tolerations.map(whatItTolerates));
  if (old.every((toleration) => kept.has(whatItTolerates(toleration)))) return [];
  return [forbidden(field, 'existing toleration can not be modified except its tolerationSeconds')];
}

/** Equal for tolerations that differ at most in how long. */
export function whatItTolerates({ key = '', operator = '', value = '', effect = '' }: Toleration): string {
  return JSON.stringify([key, operator, value, effect]);
}
