/** Validation of CSINodes. @see kubernetes/kubernetes pkg/apis/storage/validation/validation.go ValidateCSINode */
import type { CSINode, CSINodeDriver } from '../generated/storage-v1.ts';
import { validateCsiDriverName } from './csi-driver-name.ts';
import { named, notNegative } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, required } from './field-error.ts';
import { validateImmutable } from './immutable.ts';
import { qualifiedNameProblem } from './names.ts';

const NODE_ID_MAX = 256;

export function validateCsiNode({ spec }: CSINode): FieldError[] {
  const names = new Set<string>();
  return errorsOfEach(spec.drivers ?? [], (driver, index) => {
    const field = `spec.drivers[${index}]`;
    const errors = validateDriver(driver, field);
    if (names.has(driver.name)) errors.push(duplicate(`${field}.name`, driver.name));
    names.add(driver.name);
    return [...errors, ...validateTopologyKeys(driver.topologyKeys ?? [], field)];
  });
}

function validateDriver({ name, nodeID, allocatable }: CSINodeDriver, field: string): FieldError[] {
  const errors = validateCsiDriverName(name, `${field}.name`);
  if (!nodeID) errors.push(required(`${field}.nodeID`));
  else if (nodeID.length > NODE_ID_MAX)
    errors.push(invalid(`${field}.nodeID`, nodeID, `must be ${NODE_ID_MAX} characters or less`));
  return [...errors, ...notNegative(`${field}.allocatable.count`, allocatable?.count)];
}

function validateTopologyKeys(keys: readonly string[], field: string): FieldError[] {
  const seen = new Set<string>();
  return errorsOfEach(keys, (key) => {
    const errors = key === '' ? [required(field)] : [];
    if (seen.has(key)) errors.push(duplicate(field, key));
    seen.add(key);
    return [...errors, ...named(field, key, qualifiedNameProblem(key))];
  });
}

/** Drivers come and go; of one that stays only the number of volumes changes. */
export function validateCsiNodeUpdate(node: CSINode, old: CSINode): FieldError[] {
  const before = new Map((old.spec.drivers ?? []).map((driver) => [driver.name, driver]));
  const changed = errorsOfEach(node.spec.drivers ?? [], (driver) => {
    const known = before.get(driver.name);
    if (known === undefined) return [];
    return validateImmutable('spec.drivers', withoutAllocatable(driver), withoutAllocatable(known));
  });
  return [...validateCsiNode(node), ...changed];
}

function withoutAllocatable({
  name,
  nodeID,
  topologyKeys,
}: CSINodeDriver): Omit<CSINodeDriver, 'allocatable'> {
  return { name, nodeID, ...(topologyKeys && { topologyKeys }) };
}
