/**
 * The volumes of a Pod.
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidateVolumes
 */
import { compareQuantities } from '../../base/quantity.ts';
import type {
  ConfigMapVolumeSource,
  CSIVolumeSource,
  DownwardAPIVolumeSource,
  EphemeralVolumeSource,
  GitRepoVolumeSource,
  ImageVolumeSource,
  KeyToPath,
  SecretVolumeSource,
  Volume,
} from '../generated/core-v1.ts';
import { validateCsiDriverName } from './csi-driver-name.ts';
import { validateDownwardFile } from './downward-api.ts';
import { named, namedRequired, oneOf, requiredFields } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, forbidden, invalid, required } from './field-error.ts';
import { validateIscsi } from './iscsi-source.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem, SUBDOMAIN_MAX } from './names.ts';
import { validateFileMode, validateRelativePath } from './path-checks.ts';
import { validateClaimTemplate } from './persistent-volume-claim.ts';
import { validateKeyToPath, validateProjected } from './projected-volume.ts';
import {
  requiredOfSecret,
  SHARED_SOURCES,
  type SourceRules,
  validateOneSource,
  validateStorageOs,
} from './volume-sources.ts';

interface VolumeContext {
  /** The volume's, and its path. */
  name: string;
  field: string;
  /** The Pod's; in a template there is no Pod yet. */
  podName: string | undefined;
}

/** @param podName  of the Pod, `''` while it has none; absent in templates */
export function validateVolumes(
  volumes: readonly Volume[],
  field: string,
  podName: string | undefined,
): { errors: FieldError[]; valid: ReadonlyMap<string, Volume> } {
  const valid = new Map<string, Volume>();
  // A name that is too long is refused elsewhere, once, and not with each of its volumes.
  const knownName = podName !== undefined && podName.length > SUBDOMAIN_MAX ? '' : podName;
  const claims = knownName ? claimsMadeFor(volumes, knownName) : undefined;
  const errors = errorsOfEach(volumes, (volume: Partial<Volume>, index) => {
    const path = `${field}[${index}]`;
    const { name = '', persistentVolumeClaim } = volume;
    const errors = [
      ...validateOneSource(volume as Sources, path, SOURCES, { name, field: path, podName: knownName }),
      ...namedRequired(`${path}.name`, name, dns1123LabelProblem),
    ];
    if (valid.has(name)) errors.push(duplicate(`${path}.name`, name));
    if (errors.length === 0) valid.set(name, volume as Volume);
    const claimName = persistentVolumeClaim?.claimName;
    if (claimName !== undefined && claims?.has(claimName)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume';
      errors.push(invalid(`${path}.persistentVolumeClaim.claimName`, claimName, detail));
    }
    return errors;
  });
  return { errors, valid };
}

/** Of the ephemeral volumes: each gets a claim that is named for it and its Pod. */
function claimsMadeFor(volumes: readonly Volume[], podName: string): ReadonlySet<string> {
  return new Set(volumes.flatMap(({ name, ephemeral }) => (ephemeral ? `${podName}-${name}` : [])));
}

/** The rows in upstream's order. */
type Sources = Omit<Volume, 'name'>;
const SOURCES: SourceRules<Sources, VolumeContext> = {
  emptyDir: ({ sizeLimit }, field) =>
    sizeLimit !== undefined && compareQuantities(sizeLimit, '0') < 0
      ? [forbidden(`${field}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: SHARED_SOURCES.hostPath,
  gitRepo: validateGitRepo,
  gcePersistentDisk: SHARED_SOURCES.gcePersistentDisk,
  awsElasticBlockStore: SHARED_SOURCES.awsElasticBlockStore,
  secret: validateSecret,
  nfs: SHARED_SOURCES.nfs,
  iscsi: validateIscsi,
  glusterfs: SHARED_SOURCES.glusterfs,
  flocker: SHARED_SOURCES.flocker,
  persistentVolumeClaim: (claim, field) => requiredFields(field, claim, ['claimName']),
  rbd: SHARED_SOURCES.rbd,
  cinder: (cinder, field) => [
    ...requiredFields(field, cinder, ['volumeID']),
    ...requiredOfSecret(cinder.secretRef, field, ['name']),
  ],
  cephfs: SHARED_SOURCES.cephfs,
  quobyte: SHARED_SOURCES.quobyte,
  downwardAPI: validateDownwardApi,
  fc: SHARED_SOURCES.fc,
  flexVolume: SHARED_SOURCES.flexVolume,
  configMap: validateConfigMap,
  azureFile: SHARED_SOURCES.azureFile,
  vsphereVolume: SHARED_SOURCES.vsphereVolume,
  photonPersistentDisk: SHARED_SOURCES.photonPersistentDisk,
  portworxVolume: SHARED_SOURCES.portworxVolume,
  azureDisk: SHARED_SOURCES.azureDisk,
  storageos: (source, field) => validateStorageOs(source, field, ['name']),
  projected: validateProjected,
  scaleIO: SHARED_SOURCES.scaleIO,
  csi: validateCsi,
  ephemeral: validateEphemeral,
  image: validateImage,
};

function validateSecret(source: SecretVolumeSource, field: string): FieldError[] {
  return [...requiredFields(field, source, ['secretName']), ...validateFiles(source, field)];
}

function validateConfigMap(source: ConfigMapVolumeSource, field: string): FieldError[] {
  return [...requiredFields(field, source, ['name']), ...validateFiles(source, field)];
}

function validateFiles(
  { defaultMode, items }: { defaultMode?: number; items?: readonly KeyToPath[] },
  field: string,
): FieldError[] {
  const errors = validateFileMode(defaultMode, `${field}.defaultMode`);
  if (items === undefined) return errors;
  return [
    ...errors,
    ...errorsOfEach(items, (item, index) => validateKeyToPath(item, `${field}.items[${index}]`)),
  ];
}

/** Upstream names the volume, not the file, for what is wrong with one. */
function validateDownwardApi({ defaultMode, items }: DownwardAPIVolumeSource, field: string): FieldError[] {
  return [
    ...validateFileMode(defaultMode, `${field}.defaultMode`),
    ...errorsOfEach(items ?? [], (file) => validateDownwardFile(file, field)),
  ];
}

function validateGitRepo(source: GitRepoVolumeSource, field: string): FieldError[] {
  return [
    ...requiredFields(field, source, ['repository']),
    ...validateRelativePath(source.directory ?? '', `${field}.directory`),
  ];
}

function validateCsi({ driver, nodePublishSecretRef }: CSIVolumeSource, field: string): FieldError[] {
  const errors = validateCsiDriverName(driver, `${field}.driver`);
  if (nodePublishSecretRef === undefined) return errors;
  const { name } = nodePublishSecretRef;
  if (!name) return [...errors, required(`${field}.nodePublishSecretRef.name`)];
  return [...errors, ...named(`${field}.name`, name, dns1123SubdomainProblem(name))];
}

function validateEphemeral(
  { volumeClaimTemplate }: EphemeralVolumeSource,
  field: string,
  { name, field: volumeField, podName }: VolumeContext,
): FieldError[] {
  const path = `${field}.volumeClaimTemplate`;
  const errors =
    volumeClaimTemplate === undefined ? [required(path)] : validateClaimTemplate(volumeClaimTemplate, path);
  if (!podName || name === '') return errors;
  const claim = `${podName}-${name}`;
  const problem = dns1123SubdomainProblem(claim);
  if (problem === undefined) return errors;
  return [...errors, invalid(`${volumeField}.name`, name, `PVC name ${JSON.stringify(claim)}: ${problem}`)];
}

/** In a template the image may still be left open. */
function validateImage(
  { reference, pullPolicy }: ImageVolumeSource,
  field: string,
  { podName }: VolumeContext,
): FieldError[] {
  const errors = podName !== undefined && !reference ? [required(`${field}.reference`)] : [];
  return [...errors, ...oneOf(`${field}.pullPolicy`, pullPolicy, ['Always', 'IfNotPresent', 'Never'])];
}
