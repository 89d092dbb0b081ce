/**
 * Validation of PersistentVolumeClaims: what is claimed is fixed, but for growth of what is bound.
 *
 * @see kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePersistentVolumeClaim and its Update
 */
import { compareQuantities, wholeValue } from '../../base/quantity.ts';
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimTemplate,
  TypedLocalObjectReference,
} from '../generated/core-v1.ts';
import { equalJson } from '../json.ts';
import { isNativeResource } from '../resource-names.ts';
import { named, oneOf, requiredFields } from './field-checks.ts';
import {
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  untilMany,
} from './field-error.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem, qualifiedNameProblem } from './names.ts';
import { validateAnnotations, validateLabelSelector, validateLabels } from './object-meta.ts';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const ONE_POD = 'ReadWriteOncePod';
export const VOLUME_MODES = ['Block', 'Filesystem'];
const CLAIM = 'PersistentVolumeClaim';
const SOURCE_FIELDS = ['apiGroup', 'kind', 'name'] as const;
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
const RESIZE_STATES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizePending',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
];
const IMMUTABLE =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

/** Objects come as they are sent: what is required may be absent. */
export function validateClaim({ spec }: { spec?: PersistentVolumeClaimSpec }): FieldError[] {
  return validateClaimSpec(spec, 'spec');
}

/** Of a claim that is made for a volume of a Pod: nothing of its metadata counts but labels and annotations. */
export function validateClaimTemplate(
  { metadata = {}, spec }: PersistentVolumeClaimTemplate,
  field: string,
): FieldError[] {
  const { annotations, labels, ...others } = metadata;
  const path = `${field}.metadata`;
  return [
    ...validateAnnotations(annotations, `${path}.annotations`),
    ...validateLabels(labels, `${path}.labels`),
    ...Object.keys(others).map((name) => forbidden(`${path}.${name}`, 'cannot be set')),
    ...validateClaimSpec(spec, `${field}.spec`),
  ];
}

interface ClaimLeniency {
  /** The claim named such a group before that was checked. */
  anyGroup?: boolean;
}

export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec = {},
  field: string,
  { anyGroup = false }: ClaimLeniency = {},
): FieldError[] {
  const { accessModes = [], selector, storageClassName, volumeMode, volumeAttributesClassName } = spec;
  const errors: FieldError[] = [];
  if (accessModes.length === 0)
    errors.push(required(`${field}.accessModes`, 'at least 1 access mode is required'));
  errors.push(
    ...validateLabelSelector(selector, `${field}.selector`),
    ...validateAccessModes(accessModes, `${field}.accessModes`),
    ...validateSize(spec, `${field}.resources[storage]`),
    ...validateClass(storageClassName, `${field}.storageClassName`),
    ...oneOf(`${field}.volumeMode`, volumeMode, VOLUME_MODES),
    ...validateDataSources(spec, field, anyGroup),
    ...validateClass(volumeAttributesClassName, `${field}.volumeAttributesClassName`),
  );
  return errors;
}

export function validateAccessModes(modes: readonly string[], field = 'spec.accessModes'): FieldError[] {
  const errors: FieldError[] = [];
  for (const mode of untilMany(errors, modes))
    if (!ACCESS_MODES.includes(mode)) errors.push(notSupported(field, mode, ACCESS_MODES));
  if (modes.includes(ONE_POD) && modes.some((mode) => mode !== ONE_POD && ACCESS_MODES.includes(mode)))
    errors.push(forbidden(field, 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}

function validateSize(spec: PersistentVolumeClaimSpec, field: string): FieldError[] {
  const size = spec.resources?.requests?.['storage'];
  if (size === undefined) return [required(field)];
  return compareQuantities(size, '0') > 0 ? [] : [invalid(field, size, 'must be greater than zero')];
}

/** Of a storage class or volume attributes class; none is as good as any. */
export function validateClass(name: string | undefined, field: string): FieldError[] {
  return name ? named(field, name, dns1123SubdomainProblem(name)) : [];
}

function validateDataSources(
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  field: string,
  anyGroup: boolean,
): FieldError[] {
  if (dataSource === undefined && dataSourceRef === undefined) return [];
  const namespace = dataSourceRef?.namespace ?? '';
  const errors = [
    ...validateDataSource(dataSource, `${field}.dataSource`, anyGroup),
    ...validateDataSource(dataSourceRef, `${field}.dataSourceRef`, anyGroup),
  ];
  if (namespace !== '')
    errors.push(...named(`${field}.dataSourceRef.namespace`, namespace, dns1123LabelProblem(namespace)));
  if (dataSource === undefined || dataSourceRef === undefined) return errors;
  const shown = `${field}.dataSource`;
  if (namespace !== '')
    errors.push(invalid(field, shown, 'may not be specified when dataSourceRef.namespace is specified'));
  else if (SOURCE_FIELDS.some((name) => dataSource[name] !== dataSourceRef[name]))
    errors.push(invalid(field, shown, 'must match dataSourceRef'));
  return errors;
}

function validateDataSource(
  source: Partial<TypedLocalObjectReference> | undefined,
  field: string,
  anyGroup: boolean,
): FieldError[] {
  if (source === undefined) return [];
  const errors = requiredFields(field, source, ['name', 'kind']);
  const { apiGroup = '', kind = '' } = source;
  if (apiGroup === '' && kind !== CLAIM) {
    const detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
    errors.push(invalid(field, kind, detail));
  }
  if (apiGroup !== '' && !anyGroup)
    errors.push(...named(`${field}.apiGroup`, apiGroup, dns1123SubdomainProblem(apiGroup)));
  return errors;
}

/** A spec that stays what it was is not judged: a claim from before a rule can still be let go. */
export function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  if (equalJson(claim.spec, old.spec)) return validateClassAnnotation(claim, old);
  const { dataSource, dataSourceRef } = old.spec;
  const anyGroup = dataSource?.apiGroup !== undefined || dataSourceRef?.apiGroup !== undefined;
  const errors = [
    ...validateClaimSpec(claim.spec, 'spec', { anyGroup }),
    ...validateClassAnnotation(claim, old),
  ];
  if (!equalJson(claim.spec, allowedSpec(claim, old))) errors.push(forbidden('spec', IMMUTABLE));
  const [size, before] = [sizeOf(claim.spec), sizeOf(old.spec)];
  const held = old.status?.capacity?.['storage'] ?? '0';
  if (compareQuantities(size, before) < 0 && compareQuantities(size, held) <= 0) {
    const field = 'spec.resources.requests.storage';
    errors.push(forbidden(field, 'field can not be less than status.capacity'));
  }
  if (claim.spec.volumeMode !== old.spec.volumeMode)
    errors.push(invalid('volumeMode', claim.spec.volumeMode, 'field is immutable'));
  return [...errors, ...validateAttributesUpdate(claim, old)];
}

/** What was in effect once may be replaced, not taken away. */
function validateAttributesUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const { volumeAttributesClassName: name } = claim.spec;
  const isGone = !name && name !== old.spec.volumeAttributesClassName;
  if (!isGone || old.status?.currentVolumeAttributesClassName === undefined) return [];
  const what = name === undefined ? 'nil' : 'empty string';
  const detail = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbidden('spec.volumeAttributesClassName', detail)];
}

/** The class by its old annotation is fixed, but for moving into the spec. */
function validateClassAnnotation(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const [now, before] = [claim, old].map(({ metadata }) => metadata.annotations?.[CLASS_ANNOTATION]);
  const moves = old.spec.storageClassName === undefined && claim.spec.storageClassName === before;
  if (now === before || (before !== undefined && now === undefined && moves)) return [];
  return [invalid(`metadata.annotations.${CLASS_ANNOTATION}`, now ?? '', 'field is immutable')];
}

function sizeOf({ resources }: PersistentVolumeClaimSpec): string {
  return resources?.requests?.['storage'] ?? '0';
}

/** The old spec with everything in it that `claim` may change. */
function allowedSpec(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const { spec } = claim;
  const allowed = { ...old.spec };
  if (!old.spec.volumeName && spec.volumeName !== undefined) allowed.volumeName = spec.volumeName;
  // A claim without a class may be given one later.
  const annotated = old.metadata.annotations?.[CLASS_ANNOTATION];
  const className = spec.storageClassName;
  const isFree = old.spec.storageClassName === undefined && (annotated ?? className) === className;
  if (isFree && className !== undefined) allowed.storageClassName = className;
  if (old.status?.phase !== 'Bound') return allowed;
  const size = spec.resources?.requests?.['storage'];
  if (size !== undefined) {
    const requests = { ...old.spec.resources?.requests, storage: size };
    allowed.resources = { ...old.spec.resources, requests };
  }
  const attributes = spec.volumeAttributesClassName;
  if (attributes === undefined) delete allowed.volumeAttributesClassName;
  else allowed.volumeAttributesClassName = attributes;
  return allowed;
}

/** What a write of the status must keep to. */
export function validateClaimStatus({ spec, status = {} }: PersistentVolumeClaim): FieldError[] {
  const { capacity = {}, allocatedResources = {}, allocatedResourceStatuses = {} } = status;
  const errors = (spec?.accessModes?.length ?? 0) === 0 ? [required('Spec.accessModes')] : [];
  const ofCapacity = errorsOfEach(Object.entries(capacity), ([name, quantity]) =>
    validateBasicResource(quantity, `status.capacity[${name}]`),
  );
  const ofStatuses = errorsOfEach(Object.entries(allocatedResourceStatuses), ([name, state]) => {
    const field = 'status.allocatedResourceStatuses';
    const errors = validateResourceKey(name, field);
    return RESIZE_STATES.includes(state) ? errors : [...errors, notSupported(field, name, RESIZE_STATES)];
  });
  const ofAllocated = errorsOfEach(Object.entries(allocatedResources), ([name, quantity]) => {
    const field = 'status.allocatedResources';
    const errors = validateResourceKey(name, field);
    return errors.length > 0 ? errors : validateBasicResource(quantity, `${field}[${name}]`);
  });
  return [...errors, ...ofCapacity, ...ofStatuses, ...ofAllocated];
}

export function validateBasicResource(quantity: string, field: string): FieldError[] {
  return compareQuantities(quantity, '0') < 0
    ? [invalid(field, wholeValue(quantity), 'must be a valid resource quantity')]
    : [];
}

function validateResourceKey(name: string, field: string): FieldError[] {
  const errors = named(field, name, qualifiedNameProblem(name));
  return errors.length > 0 || !isNativeResource(name) ? errors : oneOf(field, name, ['storage']);
}
