/** Validation of CSIStorageCapacities. @see kubernetes/kubernetes pkg/apis/storage/validation/validation.go */
import { compareQuantities } from '../../base/quantity.ts';
import type { CSIStorageCapacity } from '../generated/storage-v1.ts';
import { equalJson } from '../json.ts';
import { named } from './field-checks.ts';
import { type FieldError, invalid } from './field-error.ts';
import { validateImmutable } from './immutable.ts';
import { dns1123SubdomainProblem } from './names.ts';
import { validateLabelSelector } from './object-meta.ts';

export function validateStorageCapacity(capacity: Partial<CSIStorageCapacity>): FieldError[] {
  const { nodeTopology, storageClassName = '', capacity: size } = capacity;
  const errors = [
    ...validateLabelSelector(nodeTopology, 'nodeTopology'),
    ...named('storageClassName', storageClassName, dns1123SubdomainProblem(storageClassName)),
  ];
  const isNegative = size !== undefined && compareQuantities(size, '0') < 0;
  return isNegative ? [...errors, invalid('capacity', size, 'must be greater than or equal to 0')] : errors;
}

/** What a driver was asked is fixed, whatever was wrong with it; what it answered is not. */
export function validateStorageCapacityUpdate(
  capacity: CSIStorageCapacity,
  old: CSIStorageCapacity,
): FieldError[] {
  const fixed = (['nodeTopology', 'storageClassName'] as const).flatMap((field) =>
    validateImmutable(field, capacity[field], old[field]),
  );
  const { nodeTopology, ...rest } = capacity;
  const isKept = equalJson(nodeTopology, old.nodeTopology);
  return [...validateStorageCapacity(isKept ? rest : capacity), ...fixed];
}
