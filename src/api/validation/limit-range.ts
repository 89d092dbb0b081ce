/**
 * Validation of LimitRanges: each type once, and minimum ≤ default request ≤ default limit ≤ maximum.
 *
 * @see kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateLimitRange
 */
import { compareQuantities, milliValue } from '../../base/quantity.ts';
import type { LimitRange, LimitRangeItem } from '../generated/core-v1.ts';
import { isOvercommitAllowed } from '../resource-names.ts';
import { named } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  required,
  untilMany,
} from './field-error.ts';
import { qualifiedNameProblem } from './names.ts';
import { validateContainerResourceName, validateResourceName } from './resource-name.ts';

const TYPES = new Set(['Container', 'PersistentVolumeClaim', 'Pod']);
const QUANTITIES = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

/** Which of two must not be greater, at which field the complaint stands, which value it shows, and what they are called. */
const ORDERS = [
  { low: 'min', high: 'max', at: 'min', shows: 'min', words: ['min value', 'max value'] },
  {
    low: 'min',
    high: 'defaultRequest',
    at: 'defaultRequest',
    shows: 'defaultRequest',
    words: ['min value', 'default request value'],
  },
  {
    low: 'defaultRequest',
    high: 'max',
    at: 'defaultRequest',
    shows: 'defaultRequest',
    words: ['default request value', 'max value'],
  },
  {
    low: 'defaultRequest',
    high: 'default',
    at: 'defaultRequest',
    shows: 'defaultRequest',
    words: ['default request value', 'default limit value'],
  },
  { low: 'min', high: 'default', at: 'default', shows: 'min', words: ['min value', 'default value'] },
  { low: 'default', high: 'max', at: 'default', shows: 'max', words: ['default value', 'max value'] },
] as const;

export function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const seen = new Set<string>();
  return errorsOfEach(spec.limits ?? [], (item, index) => {
    const field = `spec.limits[${index}]`;
    const repeated = seen.has(item.type) ? [duplicate(`${field}.type`, item.type)] : [];
    seen.add(item.type);
    return [...validateType(item.type, `${field}.type`), ...repeated, ...validateItem(item, field)];
  });
}

function validateType(type: string, field: string): FieldError[] {
  const problem = qualifiedNameProblem(type);
  if (problem !== undefined) return named(field, type, problem);
  if (type.includes('/') || TYPES.has(type)) return [];
  return [invalid(field, type, 'must be a standard limit type or fully qualified')];
}

function validateItem(item: LimitRangeItem, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (item.type === 'Pod') {
    for (const part of ['default', 'defaultRequest'] as const) {
      if (Object.keys(item[part] ?? {}).length > 0)
        errors.push(forbidden(`${field}.${part}`, "may not be specified when `type` is 'Pod'"));
    }
  }
  if (item.type === 'PersistentVolumeClaim' && !item.min?.['storage'] && !item.max?.['storage']) {
    const why = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(required(`${field}.limits`, why));
  }
  const resources = new Set(QUANTITIES.flatMap((part) => Object.keys(item[part] ?? {})));
  for (const resource of untilMany(errors, [...resources].sort()))
    errors.push(...validateResource(item, resource, field));
  return errors;
}

function validateResource(item: LimitRangeItem, resource: string, field: string): FieldError[] {
  const ofContainers = item.type === 'Container' || item.type === 'Pod';
  const validateName = ofContainers ? validateContainerResourceName : validateResourceName;
  const errors = QUANTITIES.filter((part) => item[part]?.[resource] !== undefined).flatMap((part) =>
    validateName(resource, `${field}.${part}[${resource}]`),
  );
  for (const { low, high, at, shows, words } of ORDERS) {
    const [less, more] = [item[low]?.[resource], item[high]?.[resource]];
    if (less === undefined || more === undefined || compareQuantities(less, more) <= 0) continue;
    const why = `${words[0]} ${less} is greater than ${words[1]} ${more}`;
    errors.push(invalid(`${field}.${at}[${resource}]`, item[shows]?.[resource], why));
  }
  return [...errors, ...validateRatio(item, resource, field), ...validateFixed(item, resource, field)];
}

function validateRatio(item: LimitRangeItem, resource: string, field: string): FieldError[] {
  const ratio = item.maxLimitRequestRatio?.[resource];
  if (ratio === undefined) return [];
  const at = `${field}.maxLimitRequestRatio[${resource}]`;
  const errors: FieldError[] = [];
  if (milliValue(ratio) < 1000) errors.push(invalid(at, ratio, `ratio ${ratio} is less than 1`));
  const [min, max] = [item.min?.[resource], item.max?.[resource]];
  if (min === undefined || max === undefined) return errors;
  const greatest = milliValue(max) / milliValue(min);
  if (milliValue(ratio) / 1000 > greatest)
    errors.push(invalid(at, ratio, `ratio ${ratio} is greater than max/min = ${greatest.toFixed(6)}`));
  return errors;
}

/** What cannot be promised twice is requested to its limit. */
function validateFixed(item: LimitRangeItem, resource: string, field: string): FieldError[] {
  if (isOvercommitAllowed(resource)) return [];
  const [limit, request] = [item.default?.[resource], item.defaultRequest?.[resource]];
  if (limit === undefined || request === undefined || compareQuantities(limit, request) === 0) return [];
  const why = `default value ${limit} must equal to defaultRequest value ${request} in ${resource}`;
  return [invalid(`${field}.defaultRequest[${resource}]`, request, why)];
}
