/**
 * Validation of PersistentVolumes: exactly one source, which is fixed once it is there.
 *
 * @see kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePersistentVolumeSpec and its Update
 */
import { compareQuantities } from '../../base/quantity.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '../generated/core-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { named, oneOf } from './container.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from './field-error.ts';
import { dns1123SubdomainProblem } from './names.ts';
import { VOLUME_MODES, validateAccessModes } from './persistent-volume-claim.ts';

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

/** All other fields of a spec are sources. */
const COMMON_FIELDS: ReadonlySet<string> = new Set<keyof PersistentVolumeSpec>([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
]);

/** What a source must say. */
const SOURCE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  hostPath: ['path'],
  local: ['path'],
  nfs: ['server', 'path'],
  csi: ['driver', 'volumeHandle'],
};

/** Objects come as they are sent: what is required may be absent. */
export function validateVolume({ spec = {} }: { spec?: PersistentVolumeSpec }): FieldError[] {
  const { accessModes = [], storageClassName, volumeMode, persistentVolumeReclaimPolicy } = spec;
  const errors: FieldError[] = accessModes.length === 0 ? [required('spec.accessModes')] : [];
  errors.push(
    ...validateAccessModes(accessModes),
    ...validateCapacity(spec.capacity),
    ...oneOf('spec.persistentVolumeReclaimPolicy', persistentVolumeReclaimPolicy, RECLAIM_POLICIES),
    ...validateSource(spec),
  );
  if (storageClassName)
    errors.push(
      ...named('spec.storageClassName', storageClassName, dns1123SubdomainProblem(storageClassName)),
    );
  return [...errors, ...oneOf('spec.volumeMode', volumeMode, VOLUME_MODES)];
}

function validateCapacity(capacity: PersistentVolumeSpec['capacity'] = {}): FieldError[] {
  const names = Object.keys(capacity);
  if (names.length === 0) return [required('spec.capacity')];
  const size = capacity['storage'];
  if (size === undefined || names.length > 1) return [notSupported('spec.capacity', capacity, ['storage'])];
  if (compareQuantities(size, '0') > 0) return [];
  return [invalid('spec.capacity[storage]', size, 'must be greater than zero')];
}

function validateSource(spec: PersistentVolumeSpec): FieldError[] {
  const [source, ...others] = sourcesOf(spec);
  if (source === undefined) return [required('spec', 'must specify a volume type')];
  const errors = others.map(([name]) => forbidden(`spec.${name}`, 'may not specify more than 1 volume type'));
  const [name, value] = source;
  for (const field of SOURCE_FIELDS[name] ?? [])
    if (!(value as Record<string, unknown>)[field]) errors.push(required(`spec.${name}.${field}`));
  if (name === 'local' && spec.nodeAffinity === undefined)
    errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  if (spec.persistentVolumeReclaimPolicy === 'Recycle' && spec.hostPath?.path === '/')
    errors.push(
      forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"),
    );
  return errors;
}

function sourcesOf(spec: PersistentVolumeSpec): [string, JsonValue][] {
  return Object.entries(spec).filter(([field]) => !COMMON_FIELDS.has(field));
}

export function validateVolumeUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors = validateVolume(volume);
  const [sources, before] = [volume, old].map(({ spec }) => Object.fromEntries(sourcesOf(spec ?? {})));
  if (!equalJson(sources as JsonValue, before as JsonValue))
    errors.push(
      forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'),
    );
  if (volume.spec?.volumeMode !== old.spec?.volumeMode)
    errors.push(invalid('spec.volumeMode', volume.spec?.volumeMode, 'field is immutable'));
  return errors;
}
