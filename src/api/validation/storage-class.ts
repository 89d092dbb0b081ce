/**
 * Validation of StorageClasses and VolumeAttributesClasses.
 * @see kubernetes/kubernetes pkg/apis/storage/validation/validation.go
 */
import type { TopologySelectorLabelRequirement, TopologySelectorTerm } from '../generated/core-v1.ts';
import type { StorageClass, VolumeAttributesClass } from '../generated/storage-v1.ts';
import { canonicalJson } from '../json.ts';
import { named, oneOf } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  required,
  tooLong,
} from './field-error.ts';
import { validateImmutable } from './immutable.ts';
import { qualifiedNameProblem } from './names.ts';
import { requiredOneOf } from './required-one-of.ts';

const PARAMETERS_MAX = 512;
const PARAMETERS_MAX_BYTES = 256 * 1024;
/** As it is sent. */
type Requirement = Partial<TopologySelectorLabelRequirement>;

const FIXED = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const;

export function validateStorageClass(storageClass: StorageClass): FieldError[] {
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies } = storageClass;
  return [
    ...validateProvisioner(provisioner, 'provisioner'),
    ...validateParameters(parameters ?? {}),
    ...oneOf('reclaimPolicy', reclaimPolicy || undefined, ['Delete', 'Retain']),
    ...requiredOneOf('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
    ...(allowedTopologies === undefined ? [] : validateTopologies(allowedTopologies)),
  ];
}

export function validateStorageClassUpdate(storageClass: StorageClass, old: StorageClass): FieldError[] {
  return [
    ...validateStorageClass(storageClass),
    ...FIXED.flatMap((field) => validateImmutable(field, storageClass[field], old[field])),
  ];
}

export function validateVolumeAttributesClass({
  driverName,
  parameters = {},
}: VolumeAttributesClass): FieldError[] {
  const errors = [...validateProvisioner(driverName, 'driverName'), ...validateParameters(parameters)];
  const isEmpty = Object.keys(parameters).length === 0;
  return isEmpty ? [...errors, required('parameters', 'must contain at least one key/value pair')] : errors;
}

export function validateVolumeAttributesClassUpdate(
  volumeClass: VolumeAttributesClass,
  old: VolumeAttributesClass,
): FieldError[] {
  const changed = (['driverName', 'parameters'] as const).filter(
    (field) => validateImmutable(field, volumeClass[field], old[field]).length > 0,
  );
  return [
    ...validateVolumeAttributesClass(volumeClass),
    ...changed.map((field) => forbidden(field, `updates to ${field} are forbidden.`)),
  ];
}

function validateProvisioner(name: string | undefined, field: string): FieldError[] {
  return name
    ? named(field, name.toLowerCase(), qualifiedNameProblem(name.toLowerCase()))
    : [required(field)];
}

function validateParameters(parameters: Record<string, string>): FieldError[] {
  const field = 'parameters';
  const entries = Object.entries(parameters);
  if (entries.length > PARAMETERS_MAX) return [tooLong(field, PARAMETERS_MAX)];
  const errors = '' in parameters ? [invalid(field, '', 'field can not be empty.')] : [];
  const size = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  return size > PARAMETERS_MAX_BYTES ? [...errors, tooLong(field, PARAMETERS_MAX_BYTES)] : errors;
}

function validateTopologies(terms: readonly TopologySelectorTerm[]): FieldError[] {
  const seen = new Set<string>();
  return errorsOfEach(terms, ({ matchLabelExpressions = [] }, index) => {
    const field = `allowedTopologies[${index}].matchLabelExpressions`;
    const keys = new Set<string>();
    const errors = errorsOfEach(matchLabelExpressions, (requirement, i) =>
      validateRequirement(requirement, `${field}[${i}]`, keys),
    );
    const term = canonicalJson(
      Object.fromEntries(
        matchLabelExpressions.map(({ key, values }: Requirement) => [key, [...(values ?? [])].sort()]),
      ),
    );
    if (seen.has(term)) errors.push(duplicate(field, ''));
    seen.add(term);
    return errors;
  });
}

function validateRequirement(
  { key = '', values = [] }: Requirement,
  field: string,
  keys: Set<string>,
): FieldError[] {
  const seen = new Set<string>();
  const errors = errorsOfEach(values, (value, i) => {
    const repeated = seen.has(value) ? [duplicate(`${field}.values[${i}]`, value)] : [];
    seen.add(value);
    return repeated;
  });
  if (values.length === 0) errors.push(required(`${field}.values`));
  errors.push(...named(`${field}.key`, key, qualifiedNameProblem(key)));
  if (keys.has(key)) errors.push(duplicate(`${field}.key`, key));
  keys.add(key);
  return errors;
}
