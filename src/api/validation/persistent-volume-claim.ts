/**
 * Validation of PersistentVolumeClaims: what is claimed is fixed, but for growth of what is bound.
 *
 * @see kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePersistentVolumeClaim and its Update
 */
import { compareQuantities } from '../../base/quantity.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../generated/core-v1.ts';
import { equalJson } from '../json.ts';
import { claimClass } from '../storage-classes.ts';
import { named, oneOf } from './container.ts';
import { type FieldError, forbidden, invalid, notSupported, required, untilMany } from './field-error.ts';
import { dns1123SubdomainProblem } from './names.ts';
import { validateLabelSelector } from './object-meta.ts';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const VOLUME_MODES = ['Block', 'Filesystem'];
const IMMUTABLE =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

/** Objects come as they are sent: what is required may be absent. */
export function validateClaim({ spec }: { spec?: PersistentVolumeClaimSpec }): FieldError[] {
  const { accessModes = [], selector, storageClassName, volumeMode } = spec ?? {};
  const errors: FieldError[] = [];
  if (accessModes.length === 0)
    errors.push(required('spec.accessModes', 'at least 1 access mode is required'));
  errors.push(...validateLabelSelector(selector, 'spec.selector'));
  errors.push(...validateAccessModes(accessModes));
  errors.push(...validateSize(spec));
  if (storageClassName)
    errors.push(
      ...named('spec.storageClassName', storageClassName, dns1123SubdomainProblem(storageClassName)),
    );
  return [...errors, ...oneOf('spec.volumeMode', volumeMode, VOLUME_MODES)];
}

export function validateAccessModes(modes: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  for (const mode of untilMany(errors, modes))
    if (!ACCESS_MODES.includes(mode)) errors.push(notSupported('spec.accessModes', mode, ACCESS_MODES));
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod'))
    errors.push(forbidden('spec.accessModes', 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}

function validateSize(spec: PersistentVolumeClaimSpec | undefined): FieldError[] {
  const size = spec?.resources?.requests?.['storage'];
  const field = 'spec.resources[storage]';
  if (size === undefined) return [required(field)];
  return compareQuantities(size, '0') > 0 ? [] : [invalid(field, size, 'must be greater than zero')];
}

export function validateClaimUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = validateClaim(claim);
  if (!equalJson(claim.spec, allowedSpec(claim, old))) errors.push(forbidden('spec', IMMUTABLE));
  const field = 'spec.resources.requests.storage';
  const [size, before] = [sizeOf(claim.spec), sizeOf(old.spec)];
  const held = old.status?.capacity?.['storage'] ?? '0';
  if (compareQuantities(size, before) < 0 && compareQuantities(size, held) <= 0)
    errors.push(forbidden(field, 'field can not be less than status.capacity'));
  return errors;
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
  if (claimClass(old) === undefined && spec.storageClassName !== undefined)
    allowed.storageClassName = spec.storageClassName;
  if (old.status?.phase !== 'Bound') return allowed;
  const size = spec.resources?.requests?.['storage'];
  if (size !== undefined) {
    const requests = { ...old.spec.resources?.requests, storage: size };
    allowed.resources = { ...old.spec.resources, requests };
  }
  if (spec.volumeAttributesClassName !== undefined)
    allowed.volumeAttributesClassName = spec.volumeAttributesClassName;
  return allowed;
}
