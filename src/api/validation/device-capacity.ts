/**
 * Validation of how much a device has of something, and of which parts of it may be asked for.
 * @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go validateRequestPolicy
 */
import { compareQuantities, parseQuantityMilli } from '../../base/quantity.ts';
import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  DeviceCapacity,
} from '../generated/resource-v1.ts';
import { addQuantities } from '../resource-list.ts';
import { validateSet } from './bounded-list.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, required } from './field-error.ts';

const VALUES_MAX = 10;

/** @param isShared  only what several claims share is divided */
export function validateDeviceCapacity(
  { value = '0', requestPolicy }: Partial<DeviceCapacity>,
  at: string,
  isShared: boolean,
): FieldError[] {
  if (requestPolicy === undefined) return [];
  const field = `${at}.requestPolicy`;
  if (!isShared) return [forbidden(field, 'allowMultipleAllocations must be true')];
  return validatePolicy(requestPolicy, value, field);
}

function validatePolicy(policy: CapacityRequestPolicy, capacity: string, field: string): FieldError[] {
  const { default: normal, validValues = [], validRange } = policy;
  if (validValues.length > 0 && validRange !== undefined) {
    const why =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    return [forbidden(field, why)];
  }
  const kind = validValues.length > 0 ? 'validValues' : validRange === undefined ? undefined : 'validRange';
  if (kind === undefined) return [];
  if (normal === undefined) return [required(`${field}.default`, `required when ${kind} is defined`)];
  return validRange === undefined
    ? validateValues(validValues, { normal, capacity }, `${field}.validValues`)
    : validateRange(validRange, { normal, capacity }, `${field}.validRange`);
}

interface Amounts {
  /** What is taken by who does not say how much. */
  normal: string;
  capacity: string;
}

function validateValues(
  values: readonly string[],
  { normal, capacity }: Amounts,
  field: string,
): FieldError[] {
  const unsorted = errorsOfEach(values, (value, index) =>
    index > 0 && isMore(values[index - 1]!, value)
      ? [invalid(`${field}[${index}]`, value, 'values must be sorted in ascending order')]
      : [],
  );
  const errors = validateSet(values, VALUES_MAX, field, {
    keyOf: (value) => String(wholeAmount(value)),
    errorsOf: (value, at) =>
      isMore(value, capacity)
        ? [invalid(at, value, `option is larger than capacity value: ${capacity}`)]
        : [],
  });
  const hasNormal =
    values.length <= VALUES_MAX && values.some((value) => compareQuantities(value, normal) === 0);
  const why = 'default value is not valid according to the requestPolicy';
  return [...unsorted, ...errors, ...(hasNormal ? [] : [invalid(field, normal, why)])];
}

function validateRange(
  range: Partial<CapacityRequestPolicyRange>,
  amounts: Amounts,
  field: string,
): FieldError[] {
  const { min, max } = range;
  const { normal, capacity } = amounts;
  if (min === undefined) return [required(`${field}.min`, 'required when validRange is defined')];
  const errors: FieldError[] = [];
  const refuse = (isWrong: boolean, name: string, value: string, why: string) => {
    if (isWrong) errors.push(invalid(`${field}.${name}`, value, why));
  };
  refuse(isMore(min, capacity), 'min', min, `min is larger than capacity value: ${capacity}`);
  refuse(isMore(min, normal), 'default', normal, `default is less than min: ${min}`);
  if (max !== undefined) {
    refuse(isMore(min, max), 'max', min, `min is larger than max: ${max}`);
    refuse(isMore(max, capacity), 'max', max, `max is larger than capacity value: ${capacity}`);
    refuse(isMore(normal, max), 'default', normal, `default is more than max: ${max}`);
  }
  return [...errors, ...validateStep({ ...range, min }, amounts, field)];
}

/** Every amount is some steps above the least one. */
function validateStep(
  { min, max, step }: CapacityRequestPolicyRange,
  { normal, capacity }: Amounts,
  range: string,
): FieldError[] {
  if (step === undefined) return [];
  const field = `${range}.step`;
  if (!isMore(step, '0')) return [invalid(field, step, 'must be greater than zero')];
  const second = addQuantities(min, step);
  const errors = isMore(second, capacity)
    ? [invalid(field, step, `one step ${second} is larger than capacity value: ${capacity}`)]
    : [];
  const amounts = Object.entries({ default: normal, min, ...(max !== undefined && { max }) });
  const negative = amounts.filter(([, value]) => isMore('0', value));
  if (negative.length > 0) {
    const why = 'must be greater than or equal to 0';
    return [...errors, ...negative.map(([name, value]) => invalid(`${range}.${name}`, value, why))];
  }
  const why = `value is not a multiple of a given step (${step}) from (${min})`;
  const isBetween = (value: string) => (wholeAmount(value) - wholeAmount(min)) % wholeAmount(step) !== 0n;
  const between = [normal, ...(max === undefined ? [] : [max])].filter(isBetween);
  return [...errors, ...between.map((value) => invalid(field, value, why))];
}

function isMore(a: string, b: string): boolean {
  return compareQuantities(a, b) > 0;
}

/** Rounded up, as upstream counts here. */
function wholeAmount(quantity: string): bigint {
  const milli = parseQuantityMilli(quantity) ?? 0n;
  return milli > 0n ? (milli + 999n) / 1000n : milli / 1000n;
}
