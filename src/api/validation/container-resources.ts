/**
 * Validation of what containers, and whole Pods, request and may use at most.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidateContainerResourceRequirements
 */
import { compareQuantities, isQuantity, parseQuantityMilli } from '../../base/quantity.ts';
import type { ResourceRequirements } from '../generated/core-v1.ts';
import { isNegativeQuantity } from '../resource-list.ts';
import { hugePageSize, isCountedResource, isHugePages, isOvercommitAllowed } from '../resource-names.ts';
import { type FieldError, forbidden, invalid, required, untilMany } from './field-error.ts';
import { validateContainerResourceName } from './resource-name.ts';

const PARTS = ['limits', 'requests'] as const;

export function validateResources(resources: ResourceRequirements | undefined, field: string): FieldError[] {
  return validateRequirements(resources, field, validateContainerResourceName);
}

/** @param validateName  says which resources may be named there */
export function validateRequirements(
  resources: ResourceRequirements | undefined,
  field: string,
  validateName: (name: string, field: string) => FieldError[],
): FieldError[] {
  const errors: FieldError[] = [];
  for (const part of PARTS) {
    for (const [name, quantity] of untilMany(errors, Object.entries(resources?.[part] ?? {}))) {
      const path = `${field}.${part}[${name}]`;
      errors.push(...validateName(name, path), ...validateAmount(name, quantity, path));
    }
  }
  for (const [name, request] of untilMany(errors, Object.entries(resources?.requests ?? {}))) {
    errors.push(...validateRequest(name, { request, limit: resources?.limits?.[name] }, field));
  }
  const names = PARTS.flatMap((part) => Object.keys(resources?.[part] ?? {}));
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory'))
    errors.push(forbidden(field, 'HugePages require cpu or memory'));
  return errors;
}

function validateAmount(name: string, quantity: string, field: string): FieldError[] {
  if (!isQuantity(quantity)) return [invalid(field, quantity, 'must be a valid quantity')];
  const errors: FieldError[] = [];
  if (isNegativeQuantity(quantity))
    errors.push(invalid(field, quantity, 'must be greater than or equal to 0'));
  if (isCountedResource(name) && !isMultiple(quantity, '1'))
    errors.push(invalid(field, quantity, 'must be an integer'));
  if (isHugePages(name)) errors.push(...validatePages(name, quantity, field));
  return errors;
}

function validatePages(name: string, quantity: string, field: string): FieldError[] {
  const size = hugePageSize(name);
  if (!isQuantity(size)) return [];
  const isWhole = compareQuantities(size, '0') > 0 && isMultiple(quantity, size);
  return isWhole ? [] : [invalid(field, quantity, `${quantity} is not positive integer multiple of ${size}`)];
}

function isMultiple(quantity: string, of: string): boolean {
  return parseQuantityMilli(quantity)! % parseQuantityMilli(of)! === 0n;
}

function validateRequest(
  name: string,
  { request, limit }: { request: string; limit: string | undefined },
  field: string,
): FieldError[] {
  if (limit === undefined) {
    return isOvercommitAllowed(name)
      ? []
      : [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')];
  }
  if (!isQuantity(request) || !isQuantity(limit)) return [];
  const order = compareQuantities(request, limit);
  if (order !== 0 && !isOvercommitAllowed(name))
    return [invalid(`${field}.requests`, request, `must be equal to ${name} limit of ${limit}`)];
  return order > 0
    ? [invalid(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`)]
    : [];
}
