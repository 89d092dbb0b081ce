/**
 * Volumes of many parts: no two of them may write the same file.
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateProjectionSources
 */
import type {
  ClusterTrustBundleProjection,
  ConfigMapProjection,
  KeyToPath,
  PodCertificateProjection,
  PodSpec,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../generated/core-v1.ts';
import { validateDownwardFile } from './downward-api.ts';
import { requiredFields } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, notSupported, required } from './field-error.ts';
import { dns1123SubdomainProblem, pathSegmentProblem } from './names.ts';
import { validateLabelSelector } from './object-meta.ts';
import { validateFileMode, validateFilePath } from './path-checks.ts';
import { validateSignerName } from './signer-name.ts';

/** Of a volume; what one source writes is in the way of the next. */
interface Projection {
  /** The volume's path: upstream names it for a conflict, and for a token's path. */
  field: string;
  paths: Set<string>;
}

export function validateProjected(
  { sources, defaultMode }: ProjectedVolumeSource,
  field: string,
): FieldError[] {
  const projection: Projection = { field, paths: new Set() };
  return [
    ...validateFileMode(defaultMode, `${field}.defaultMode`),
    ...errorsOfEach(sources ?? [], (source, index) =>
      validateSource(source, `${field}.sources[${index}]`, projection),
    ),
  ];
}

function validateSource(source: VolumeProjection, field: string, projection: Projection): FieldError[] {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
  const errors: FieldError[] = [];
  if (secret) errors.push(...validateKeys(secret, `${field}.secret`, projection));
  if (configMap) errors.push(...validateKeys(configMap, `${field}.configMap`, projection));
  for (const file of downwardAPI?.items ?? []) {
    errors.push(...validateDownwardFile(file, `${field}.downwardAPI`));
    errors.push(...claimPath(file.path, file.path, projection));
  }
  if (serviceAccountToken)
    errors.push(...validateToken(serviceAccountToken, `${field}.serviceAccountToken`, projection));
  if (clusterTrustBundle)
    errors.push(...validateBundle(clusterTrustBundle, `${field}.clusterTrustBundle`, projection));
  if (podCertificate)
    errors.push(...validateCertificate(podCertificate, `${field}.podCertificate`, projection));
  if (Object.values(source).filter((part) => part !== undefined).length > 1)
    errors.push(forbidden(field, 'may not specify more than 1 volume type per source'));
  return errors;
}

/** @param blamed  what is said to be in conflict */
function claimPath(path: string | undefined, blamed: string, { field, paths }: Projection): FieldError[] {
  if (!path) return [];
  if (paths.has(path)) return [invalid(field, blamed, 'conflicting duplicate paths')];
  paths.add(path);
  return [];
}

function validateKeys(
  { name = '', items }: ConfigMapProjection,
  field: string,
  projection: Projection,
): FieldError[] {
  const errors = name === '' ? [required(`${field}.name`)] : [];
  // Said once: the complaint shows the name, however long.
  let isBlamed = false;
  const ofItems = errorsOfEach(items ?? [], (item, index) => {
    const problems = validateKeyToPath(item, `${field}.items[${index}]`);
    const conflicts = claimPath(item.path, name, projection);
    if (!isBlamed) problems.push(...conflicts);
    isBlamed ||= conflicts.length > 0;
    return problems;
  });
  return [...errors, ...ofItems];
}

/** Of a Pod: a token is of its service account, and so there must be one. */
export function validateTokenAccount({ serviceAccountName, volumes }: PodSpec): FieldError[] {
  if (serviceAccountName || volumes === undefined) return [];
  return errorsOfEach(volumes, ({ projected }, index) =>
    errorsOfEach(projected?.sources ?? [], ({ serviceAccountToken }, i) => {
      if (serviceAccountToken === undefined) return [];
      const field = `spec.volumes[${index}].projected.sources[${i}].serviceAccountToken`;
      return [forbidden(field, 'must not be specified when serviceAccountName is not set')];
    }),
  );
}

export function validateKeyToPath(item: KeyToPath, field: string): FieldError[] {
  return [
    ...requiredFields(field, item, ['key', 'path']),
    ...validateFilePath(item.path, `${field}.path`),
    ...validateFileMode(item.mode, `${field}.mode`),
  ];
}

const EXPIRATION_MIN_SECONDS = 600;
const EXPIRATION_MAX_SECONDS = 2 ** 32;

function validateToken(
  { path, expirationSeconds: seconds }: ServiceAccountTokenProjection,
  field: string,
  projection: Projection,
): FieldError[] {
  const expiration = `${field}.expirationSeconds`;
  const errors: FieldError[] = [];
  if (seconds === undefined) errors.push(required(expiration));
  else if (seconds < EXPIRATION_MIN_SECONDS)
    errors.push(invalid(expiration, seconds, 'may not specify a duration less than 10 minutes'));
  else if (seconds > EXPIRATION_MAX_SECONDS)
    errors.push(invalid(expiration, seconds, 'may not specify a duration larger than 2^32 seconds'));
  const pathField = `${projection.field}.path`;
  return [...errors, ...(path ? validateFilePath(path, pathField) : [required(pathField)])];
}

function validateBundle(
  bundle: Partial<ClusterTrustBundleProjection>,
  field: string,
  projection: Projection,
): FieldError[] {
  const { path = '' } = bundle;
  return [
    ...validateBundleChoice(bundle, field),
    ...(path === '' ? [required(`${field}.path`)] : []),
    ...validateFilePath(path, `${field}.path`),
    ...claimPath(path, path, projection),
  ];
}

function validateBundleChoice(bundle: Partial<ClusterTrustBundleProjection>, field: string): FieldError[] {
  const { name, signerName, labelSelector } = bundle;
  if (name !== undefined && signerName !== undefined)
    return [invalid(field, bundle, 'only one of name and signerName may be used')];
  if (name !== undefined) {
    const errors = validateBundleName(name, `${field}.name`);
    if (labelSelector === undefined) return errors;
    const detail = 'labelSelector must be unset if name is specified';
    return [...errors, invalid(`${field}.labelSelector`, labelSelector, detail)];
  }
  if (signerName === undefined) return [required(field, 'either name or signerName must be specified')];
  const errors = signerName === '' ? [required(`${field}.signerName`, 'must be a valid signer name')] : [];
  return [
    ...errors,
    ...validateSignerName(signerName, `${field}.signerName`),
    ...validateLabelSelector(labelSelector, `${field}.labelSelector`),
  ];
}

/** A bundle of a signer is named for it: `example.com:signer:bundle`. */
function validateBundleName(name: string, field: string): FieldError[] {
  const errors = name === '' ? [required(field, 'must be a valid object name')] : [];
  const own = name.slice(name.lastIndexOf(':') + 1);
  const problem = name.includes(':')
    ? dns1123SubdomainProblem(own)
    : (pathSegmentProblem(name) ?? dns1123SubdomainProblem(name));
  if (problem !== undefined)
    errors.push(invalid(field, name, `not a valid clustertrustbundlename: ${problem}`));
  return errors;
}

const KEY_TYPES = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const CERTIFICATE_PATHS = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;
const CERTIFICATE_MIN_SECONDS = 3600;
const DAY_SECONDS = 24 * 3600;
const CERTIFICATE_MAX_DAYS = 91;

function validateCertificate(
  certificate: Partial<PodCertificateProjection>,
  field: string,
  projection: Projection,
): FieldError[] {
  const { signerName = '', keyType = '', maxExpirationSeconds } = certificate;
  const errors = validateSignerName(signerName, `${field}.signerName`);
  if (!KEY_TYPES.includes(keyType)) errors.push(notSupported(`${field}.keyType`, keyType, KEY_TYPES));
  if (maxExpirationSeconds !== undefined) {
    const isKubernetes = /^([^/]*\.)?kubernetes\.io\//.test(signerName);
    const max = isKubernetes ? DAY_SECONDS : CERTIFICATE_MAX_DAYS * DAY_SECONDS;
    errors.push(...validateLifetime(maxExpirationSeconds, `${field}.maxExpirationSeconds`, max));
  }
  const paths = CERTIFICATE_PATHS.filter((name) => certificate[name]);
  for (const name of paths) {
    const path = certificate[name]!;
    errors.push(...validateFilePath(path, `${field}.${name}`), ...claimPath(path, path, projection));
  }
  if (paths.length === 0) {
    const detail = 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath';
    errors.push(required(field, detail));
  }
  return errors;
}

function validateLifetime(seconds: number, field: string, max: number): FieldError[] {
  if (seconds < CERTIFICATE_MIN_SECONDS)
    return [
      invalid(field, seconds, `if provided, maxExpirationSeconds must be >= ${CERTIFICATE_MIN_SECONDS}`),
    ];
  return seconds > max
    ? [invalid(field, seconds, `if provided, maxExpirationSeconds must be <= ${max}`)]
    : [];
}
