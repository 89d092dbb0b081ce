/**
 * Validation of PersistentVolumes: exactly one source, which is fixed once it is there.
 *
 * @see kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePersistentVolumeSpec and its Update
 */
import { compareQuantities } from '../../base/quantity.ts';
import type {
  CSIPersistentVolumeSource,
  GlusterfsPersistentVolumeSource,
  LocalVolumeSource,
  PersistentVolume,
  PersistentVolumeSpec,
  SecretReference,
  VolumeNodeAffinity,
} from '../generated/core-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { validateNodeSelector } from './affinity.ts';
import { validateCsiDriverName } from './csi-driver-name.ts';
import { named, namedRequired, oneOf, requiredFields } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, notSupported, required } from './field-error.ts';
import { validatePersistentIscsi } from './iscsi-source.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem } from './names.ts';
import { validateNoBacksteps } from './path-checks.ts';
import {
  VOLUME_MODES,
  validateAccessModes,
  validateBasicResource,
  validateClass,
} from './persistent-volume-claim.ts';
import {
  namesOfSources,
  requiredOfSecret,
  SHARED_SOURCES,
  type SourceRules,
  validateOneSource,
  validateStorageOs,
} from './volume-sources.ts';

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

/** Fields of a spec that are no sources. */
type CommonField =
  | 'accessModes'
  | 'capacity'
  | 'claimRef'
  | 'mountOptions'
  | 'nodeAffinity'
  | 'persistentVolumeReclaimPolicy'
  | 'storageClassName'
  | 'volumeAttributesClassName'
  | 'volumeMode';

type Sources = Omit<PersistentVolumeSpec, CommonField>;

/** The rows in upstream's order. The context is the volume's name. */
const SOURCES: SourceRules<Sources, string> = {
  hostPath: SHARED_SOURCES.hostPath,
  gcePersistentDisk: SHARED_SOURCES.gcePersistentDisk,
  awsElasticBlockStore: SHARED_SOURCES.awsElasticBlockStore,
  glusterfs: validateGlusterfs,
  flocker: SHARED_SOURCES.flocker,
  nfs: SHARED_SOURCES.nfs,
  rbd: SHARED_SOURCES.rbd,
  quobyte: SHARED_SOURCES.quobyte,
  cephfs: SHARED_SOURCES.cephfs,
  iscsi: validatePersistentIscsi,
  cinder: (cinder, field) => [
    ...requiredFields(field, cinder, ['volumeID']),
    ...requiredOfSecret(cinder.secretRef, field, ['name', 'namespace']),
  ],
  fc: SHARED_SOURCES.fc,
  flexVolume: SHARED_SOURCES.flexVolume,
  azureFile: (azure, field) => [
    ...SHARED_SOURCES.azureFile(azure, field),
    ...(azure.secretNamespace === '' ? [required(`${field}.secretNamespace`)] : []),
  ],
  vsphereVolume: SHARED_SOURCES.vsphereVolume,
  photonPersistentDisk: SHARED_SOURCES.photonPersistentDisk,
  portworxVolume: SHARED_SOURCES.portworxVolume,
  azureDisk: SHARED_SOURCES.azureDisk,
  scaleIO: SHARED_SOURCES.scaleIO,
  local: validateLocal,
  storageos: (source, field) => validateStorageOs(source, field, ['name', 'namespace']),
  csi: validateCsi,
};

/** Objects come as they are sent: what is required may be absent. */
export function validateVolume({ metadata, spec = {} }: Partial<PersistentVolume>): FieldError[] {
  const { accessModes = [], volumeMode, persistentVolumeReclaimPolicy: policy } = spec;
  return [
    ...(accessModes.length === 0 ? [required('spec.accessModes')] : []),
    ...validateAccessModes(accessModes),
    ...validateCapacity(spec.capacity),
    ...(policy ? oneOf('spec.persistentVolumeReclaimPolicy', policy, RECLAIM_POLICIES) : []),
    ...validateNodeAffinity(spec.nodeAffinity),
    ...validateSource(spec, 'spec', metadata?.name ?? ''),
    ...validateClass(spec.storageClassName, 'spec.storageClassName'),
    ...oneOf('spec.volumeMode', volumeMode, VOLUME_MODES),
    ...validateAttributes(spec),
  ];
}

/** Where the data is, and what follows from that. */
export function validateSource(spec: PersistentVolumeSpec, field: string, name: string): FieldError[] {
  return [...validateOneSource(spec, field, SOURCES, name), ...validateRecycling(spec, field)];
}

function validateCapacity(capacity: PersistentVolumeSpec['capacity'] = {}): FieldError[] {
  const names = Object.keys(capacity);
  const errors = names.length === 0 ? [required('spec.capacity')] : [];
  if (!names.includes('storage') || names.length > 1)
    errors.push(notSupported('spec.capacity', capacity, ['storage']));
  const ofEach = errorsOfEach(Object.entries(capacity), ([name, size]) => {
    const field = `spec.capacity[${name}]`;
    if (compareQuantities(size, '0') > 0) return [];
    return [...validateBasicResource(size, field), invalid(field, size, 'must be greater than zero')];
  });
  return [...errors, ...ofEach];
}

function validateNodeAffinity(affinity: VolumeNodeAffinity | undefined): FieldError[] {
  if (affinity === undefined) return [];
  const field = 'spec.nodeAffinity.required';
  return affinity.required === undefined
    ? [required(field, 'must specify required node constraints')]
    : validateNodeSelector(affinity.required, field);
}

function validateRecycling(
  { hostPath, local, nodeAffinity, persistentVolumeReclaimPolicy }: PersistentVolumeSpec,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (local !== undefined && nodeAffinity === undefined)
    errors.push(required(`${field}.nodeAffinity`, 'Local volume requires node affinity'));
  if (persistentVolumeReclaimPolicy === 'Recycle' && hostPath !== undefined && isRoot(hostPath.path))
    errors.push(
      forbidden(`${field}.persistentVolumeReclaimPolicy`, "may not be 'recycle' for a hostPath mount of '/'"),
    );
  return errors;
}

/** However it is written: `//`, `/a/..`. */
function isRoot(path: string | undefined): boolean {
  if (!path?.startsWith('/')) return false;
  let depth = 0;
  for (const part of path.split('/')) {
    if (part === '..') depth = Math.max(0, depth - 1);
    else if (part !== '' && part !== '.') depth++;
  }
  return depth === 0;
}

function validateAttributes({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec): FieldError[] {
  if (name === undefined) return [];
  const field = 'spec.volumeAttributesClassName';
  const errors =
    name === '' ? [required(field, 'an empty string is disallowed')] : validateClass(name, field);
  return csi === undefined
    ? [...errors, required('spec.csi', 'has to be specified when using volumeAttributesClassName')]
    : errors;
}

function validateGlusterfs(glusterfs: GlusterfsPersistentVolumeSource, field: string): FieldError[] {
  const errors = SHARED_SOURCES.glusterfs(glusterfs, field);
  const { endpointsNamespace: namespace } = glusterfs;
  if (namespace === undefined) return errors;
  const problem =
    namespace === ''
      ? 'if the endpointnamespace is set, it must be a valid namespace name'
      : dns1123LabelProblem(namespace);
  return [...errors, ...named(`${field}.endpointsNamespace`, namespace, problem)];
}

function validateLocal({ path }: LocalVolumeSource, field: string): FieldError[] {
  return path ? validateNoBacksteps(path, `${field}.path`) : [required(`${field}.path`)];
}

/** Those that upstream judges. */
const CSI_SECRETS = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function validateCsi(csi: CSIPersistentVolumeSource, field: string): FieldError[] {
  return [
    ...validateCsiDriverName(csi.driver, `${field}.driver`),
    ...requiredFields(field, csi, ['volumeHandle']),
    ...CSI_SECRETS.flatMap((name) => validateSecretReference(csi[name], `${field}.${name}`)),
  ];
}

function validateSecretReference(secret: SecretReference | undefined, field: string): FieldError[] {
  if (secret === undefined) return [];
  return [
    ...namedRequired(`${field}.name`, secret.name, dns1123SubdomainProblem),
    ...namedRequired(`${field}.namespace`, secret.namespace, dns1123LabelProblem),
  ];
}

const FIXED_AFFINITY = 'field is immutable, except for updating from beta label to GA';

/** A spec that stays what it was is not judged: a volume from before a rule can still be let go. */
export function validateVolumeUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  if (equalJson(volume.spec as JsonValue, old.spec as JsonValue)) return [];
  const errors = validateVolume(volume);
  const [now, before] = [volume.spec ?? {}, old.spec ?? {}];
  if (!equalJson(sourcesOf(now, before), sourcesOf(before, before)))
    errors.push(
      forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'),
    );
  if (now.volumeMode !== before.volumeMode)
    errors.push(invalid('volumeMode', now.volumeMode, 'field is immutable'));
  if (before.nodeAffinity !== undefined && !isAllowedAffinity(now.nodeAffinity, before.nodeAffinity))
    errors.push(invalid('nodeAffinity', now.nodeAffinity, FIXED_AFFINITY));
  if (before.volumeAttributesClassName !== undefined && now.volumeAttributesClassName === undefined)
    errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  return errors;
}

/** The sources of `spec`, but for a secret that a volume of a CSI driver was given since `before`. */
function sourcesOf(spec: PersistentVolumeSpec, before: PersistentVolumeSpec): JsonValue {
  const sources = Object.fromEntries(
    namesOfSources(spec, SOURCES).map((name) => [name, spec[name as keyof Sources]]),
  );
  if (spec.csi && before.csi && before.csi.controllerExpandSecretRef === undefined) {
    const { controllerExpandSecretRef: _, ...others } = spec.csi;
    sources['csi'] = others;
  }
  return sources as JsonValue;
}

/** Labels of nodes that have a new name. */
const RENAMED_LABELS: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
};

/** Nothing may change but the names of labels, from old to new. */
function isAllowedAffinity(now: VolumeNodeAffinity | undefined, before: VolumeNodeAffinity): boolean {
  const keysBefore = keysOf(before);
  const keys = keysOf(now);
  const areKept = keys.every(
    (key, i) => key === keysBefore[i] || key === RENAMED_LABELS[keysBefore[i] ?? ''],
  );
  return (
    now !== undefined && areKept && equalJson(withoutKeys(now) as JsonValue, withoutKeys(before) as JsonValue)
  );
}

function keysOf(affinity: VolumeNodeAffinity | undefined): string[] {
  const terms = affinity?.required?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchExpressions = [] }) => matchExpressions.map(({ key }) => key));
}

function withoutKeys({ required: selector }: VolumeNodeAffinity): object {
  const terms = selector?.nodeSelectorTerms ?? [];
  return terms.map(({ matchExpressions = [], matchFields = [] }) => ({
    matchExpressions: matchExpressions.map(({ operator, values = [] }) => ({ operator, values })),
    matchFields,
  }));
}
