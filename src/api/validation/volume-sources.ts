/**
 * Where volumes come from, as far as Pods and PersistentVolumes name it alike, and the rule that it is one place only.
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateVolumeSource, ValidatePersistentVolumeSpec
 */
import type {
  AzureDiskVolumeSource,
  CephFSVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  HostPathVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  RBDVolumeSource,
  StorageOSVolumeSource,
} from '../generated/core-v1.ts';
import { between, named, namedRequired, oneOf, requiredFields } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, notSupported, required } from './field-error.ts';
import { dns1123LabelProblem } from './names.ts';
import { validateNoBacksteps } from './path-checks.ts';

/** What is wrong with one source. `context` is what it must know of the volume it is for. */
export type SourceRule<S, C> = (source: S, field: string, context: C) => FieldError[];

/** One row for each source, in upstream's order: of two sources the first is judged, and the second is one too many. */
export type SourceRules<Sources, C> = {
  readonly [K in keyof Sources]-?: SourceRule<NonNullable<Sources[K]>, C>;
};

/** Where upstream says something else than the field's name. */
const JUDGED_AS: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' };
const REFUSED_AS: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

export function validateOneSource<Sources extends object, C>(
  holder: Sources,
  field: string,
  rules: SourceRules<Sources, C>,
  context: C,
): FieldError[] {
  const [first, ...others] = namesOfSources(holder, rules);
  if (first === undefined) return [required(field, 'must specify a volume type')];
  const judge = rules[first as keyof Sources] as SourceRule<unknown, C>;
  return [
    ...judge(holder[first as keyof Sources], `${field}.${JUDGED_AS[first] ?? first}`, context),
    ...others.map((name) =>
      forbidden(`${field}.${REFUSED_AS[name] ?? name}`, 'may not specify more than 1 volume type'),
    ),
  ];
}

/** Of the fields of `holder` those that are sources, in the order of `rules`. */
export function namesOfSources(holder: object, rules: object): string[] {
  const names = Object.keys(holder).filter((name) => Object.hasOwn(rules, name));
  return names.length < 2 ? names : Object.keys(rules).filter((name) => names.includes(name));
}

const PARTITION_MAX = 255;
const LUN_MAX = 255;

export function validateLun(lun: number | undefined, field: string): FieldError[] {
  return between(field, lun ?? 0, [0, LUN_MAX]);
}

function validatePartition(partition = 0, field: string): FieldError[] {
  return partition >= 0 && partition <= PARTITION_MAX
    ? []
    : [invalid(field, partition, 'must be between 1 and 255, inclusive')];
}

function validateMonitors(monitors: readonly string[] | undefined, field: string): FieldError[] {
  return (monitors?.length ?? 0) === 0 ? [required(`${field}.monitors`)] : [];
}

function validateHostPath({ path, type }: HostPathVolumeSource, field: string): FieldError[] {
  if (!path) return [required(`${field}.path`)];
  return [...validateNoBacksteps(path, `${field}.path`), ...oneOf(`${field}.type`, type, HOST_PATH_TYPES)];
}

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

function validateNfs(nfs: Partial<NFSVolumeSource>, field: string): FieldError[] {
  const errors = requiredFields(field, nfs, ['server', 'path']);
  const { path = '' } = nfs;
  return path.startsWith('/')
    ? errors
    : [...errors, invalid(`${field}.path`, path, 'must be an absolute path')];
}

function validateFlocker({ datasetName, datasetUUID }: FlockerVolumeSource, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!datasetName && !datasetUUID)
    errors.push(required(field, 'one of datasetName and datasetUUID is required'));
  if (datasetName && datasetUUID) {
    const detail = 'datasetName and datasetUUID can not be specified simultaneously';
    errors.push(invalid(field, 'resource', detail));
  }
  if (datasetName?.includes('/'))
    errors.push(invalid(`${field}.datasetName`, datasetName, "must not contain '/'"));
  return errors;
}

function validateFibreChannel(
  { targetWWNs = [], wwids = [], lun }: FCVolumeSource,
  field: string,
): FieldError[] {
  const path = `${field}.targetWWNs`;
  if (targetWWNs.length === 0)
    return wwids.length > 0 ? [] : [required(path, 'must specify either targetWWNs or wwids, but not both')];
  const errors: FieldError[] = [];
  if (wwids.length > 0)
    errors.push(invalid(path, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
  if (lun === undefined)
    return [...errors, required(`${field}.lun`, 'lun is required if targetWWNs is specified')];
  return [...errors, ...validateLun(lun, `${field}.lun`)];
}

const REGISTRY = 'must be a host:port pair or multiple pairs separated by commas';
const HOST_AND_PORT = /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/;
const TENANT_MAX = 64;

function validateQuobyte(
  { registry, tenant = '', volume }: QuobyteVolumeSource,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!registry) errors.push(required(`${field}.registry`, REGISTRY));
  else if (tenant.length > TENANT_MAX)
    errors.push(required(`${field}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'));
  else if (!registry.split(',').every((pair) => HOST_AND_PORT.test(pair)))
    errors.push(invalid(`${field}.registry`, registry, REGISTRY));
  return volume ? errors : [...errors, required(`${field}.volume`)];
}

const RESERVED_NAMESPACE = /(^|\.)(kubernetes|k8s)\.io$/i;

function validateFlexVolume({ driver, options = {} }: FlexVolumeSource, field: string): FieldError[] {
  const errors = driver ? [] : [required(`${field}.driver`)];
  const ofOptions = errorsOfEach(Object.keys(options), (key) =>
    RESERVED_NAMESPACE.test(key.split('/', 1)[0]!)
      ? [invalid(`${field}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved')]
      : [],
  );
  return [...errors, ...ofOptions];
}

const CACHING_MODES = ['None', 'ReadOnly', 'ReadWrite'];
const DISK_KINDS = ['Dedicated', 'Managed', 'Shared'];
const MANAGED_URI =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const BLOB_URI = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

function validateAzureDisk(disk: Partial<AzureDiskVolumeSource>, field: string): FieldError[] {
  const { cachingMode, kind, diskURI = '' } = disk;
  const errors = [
    ...requiredFields(field, disk, ['diskName', 'diskURI']),
    ...oneOf(`${field}.cachingMode`, cachingMode, CACHING_MODES),
    ...oneOf(`${field}.kind`, kind, DISK_KINDS),
  ];
  if (kind === undefined) return errors;
  const [start, form] = kind === 'Managed' ? ['/subscriptions/', MANAGED_URI] : ['https://', BLOB_URI];
  return diskURI.startsWith(start) ? errors : [...errors, notSupported(`${field}.diskURI`, diskURI, [form])];
}

/** @param secretFields  what the reference to a secret must say */
export function validateStorageOs(
  { volumeName, volumeNamespace, secretRef }: StorageOSVolumeSource,
  field: string,
  secretFields: readonly string[],
): FieldError[] {
  return [
    ...namedRequired(`${field}.volumeName`, volumeName, dns1123LabelProblem),
    ...(volumeNamespace
      ? named(`${field}.volumeNamespace`, volumeNamespace, dns1123LabelProblem(volumeNamespace))
      : []),
    ...requiredOfSecret(secretRef, field, secretFields),
  ];
}

/** A reference to a secret that may be absent, but not half there. */
export function requiredOfSecret(
  secretRef: object | undefined,
  field: string,
  names: readonly string[],
): FieldError[] {
  if (secretRef === undefined) return [];
  return requiredFields(`${field}.secretRef`, secretRef as Record<string, unknown>, names);
}

const rbd = (source: RBDVolumeSource, field: string): FieldError[] => [
  ...validateMonitors(source.monitors, field),
  ...requiredFields(field, source, ['image']),
];

const cephfs = (source: CephFSVolumeSource, field: string): FieldError[] =>
  validateMonitors(source.monitors, field);

/** A disk of which a partition may be taken. */
function disk<K extends string>(id: K) {
  return (source: { [key in K]: string } & { partition?: number }, field: string): FieldError[] => [
    ...requiredFields(field, source, [id]),
    ...validatePartition(source.partition, `${field}.partition`),
  ];
}

function needs<K extends string>(...names: K[]) {
  return (source: { [key in K]?: string }, field: string): FieldError[] =>
    requiredFields(field, source, names);
}

/** Sources of which Pods and PersistentVolumes say the same. */
export const SHARED_SOURCES = {
  hostPath: validateHostPath,
  gcePersistentDisk: disk('pdName'),
  awsElasticBlockStore: disk('volumeID'),
  nfs: validateNfs,
  glusterfs: needs('endpoints', 'path'),
  flocker: validateFlocker,
  rbd,
  cephfs,
  quobyte: validateQuobyte,
  fc: validateFibreChannel,
  flexVolume: validateFlexVolume,
  azureFile: needs('secretName', 'shareName'),
  vsphereVolume: needs('volumePath'),
  photonPersistentDisk: needs('pdID'),
  portworxVolume: needs('volumeID'),
  azureDisk: validateAzureDisk,
  scaleIO: needs('gateway', 'system', 'volumeName'),
};
