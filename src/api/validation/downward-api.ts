/**
 * What a container may learn of its Pod: fields of the Pod, and what containers request and may use.
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateObjectFieldSelector,
 *   validateContainerResourceFieldSelector, validateDownwardAPIVolumeFile; pkg/fieldpath SplitMaybeSubscriptedPath
 */
import { compareQuantities } from '../../base/quantity.ts';
import type {
  DownwardAPIVolumeFile,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../generated/core-v1.ts';
import { named, oneOf } from './field-checks.ts';
import { type FieldError, invalid, required } from './field-error.ts';
import { qualifiedNameProblem } from './names.ts';
import { validateFileMode, validateFilePath } from './path-checks.ts';

const EVERYWHERE = ['metadata.name', 'metadata.namespace', 'metadata.uid'];

/** Fields that environment variables may take. */
export const ENVIRONMENT_FIELDS = [
  ...EVERYWHERE,
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** Fields that files may show. */
const FILE_FIELDS = [...EVERYWHERE, 'metadata.annotations', 'metadata.labels'];

/** Fields that exist for selectors, but that nothing may take. */
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  ...ENVIRONMENT_FIELDS,
  ...FILE_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);

const SUBSCRIPTED: ReadonlySet<string> = new Set(['metadata.annotations', 'metadata.labels']);

/** @param supported  the fields that may be taken whole; single labels and annotations always may */
export function validateFieldRef(
  { apiVersion, fieldPath }: ObjectFieldSelector,
  field: string,
  supported: readonly string[],
): FieldError[] {
  if (!apiVersion) return [required(`${field}.apiVersion`)];
  if (!fieldPath) return [required(`${field}.fieldPath`)];
  const subscripted = splitSubscript(fieldPath);
  const problem = fieldPathProblem(apiVersion, fieldPath, subscripted?.path);
  if (problem !== undefined)
    return [invalid(`${field}.fieldPath`, fieldPath, `error converting fieldPath: ${problem}`)];
  // The old name of nodeName.
  if (subscripted === undefined)
    return fieldPath === 'spec.host' ? [] : oneOf(`${field}.fieldPath`, fieldPath, supported);
  const { path, key } = subscripted;
  const name = path === 'metadata.annotations' ? key.toLowerCase() : key;
  return named(field, name, qualifiedNameProblem(name));
}

function fieldPathProblem(
  version: string,
  path: string,
  subscripted: string | undefined,
): string | undefined {
  if (version !== 'v1') return `unsupported pod version: ${version}`;
  if (subscripted !== undefined)
    return SUBSCRIPTED.has(subscripted) ? undefined : `field label does not support subscript: ${path}`;
  return KNOWN_FIELDS.has(path) || path === 'spec.host' ? undefined : `field label not supported: ${path}`;
}

/** `metadata.labels['app']` is the label `app`. */
function splitSubscript(fieldPath: string): { path: string; key: string } | undefined {
  if (!fieldPath.endsWith("']")) return undefined;
  const start = fieldPath.indexOf("['");
  return start <= 0 ? undefined : { path: fieldPath.slice(0, start), key: fieldPath.slice(start + 2, -2) };
}

const RESOURCES = [
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.ephemeral-storage',
];
const HUGE_PAGES = /^(limits|requests)\.hugepages-/;

/** @param isFile  a file is nobody's: it must say of which container it tells */
export function validateResourceFieldRef(
  selector: ResourceFieldSelector,
  field: string,
  isFile: boolean,
): FieldError[] {
  const { containerName, resource, divisor } = selector;
  const errors: FieldError[] = [];
  if (isFile && !containerName) errors.push(required(`${field}.containerName`));
  else if (!resource) errors.push(required(`${field}.resource`));
  else if (!HUGE_PAGES.test(resource)) errors.push(...oneOf(`${field}.resource`, resource, RESOURCES));
  return [...errors, ...validateDivisor(resource ?? '', divisor, `${field}.divisor`)];
}

const SIZES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];
const DIVISORS: Readonly<Record<string, { name: string; values: readonly string[] }>> = {
  cpu: { name: 'cpu', values: ['1m', '1'] },
  memory: { name: 'memory', values: SIZES },
  'ephemeral-storage': { name: 'local ephemeral storage', values: SIZES },
};
const HUGE_PAGES_DIVISORS = { name: 'hugepages', values: SIZES };

function validateDivisor(resource: string, divisor: string | undefined, field: string): FieldError[] {
  if (divisor === undefined || compareQuantities(divisor, '0') === 0) return [];
  const known = RESOURCES.includes(resource)
    ? DIVISORS[resource.slice(resource.indexOf('.') + 1)]
    : undefined;
  const allowed = known ?? (HUGE_PAGES.test(resource) ? HUGE_PAGES_DIVISORS : undefined);
  if (allowed === undefined || allowed.values.includes(divisor)) return [];
  const shown = allowed === DIVISORS['cpu'] ? allowed.values.join(' and ') : allowed.values.join(', ');
  const detail = `only divisor's values ${shown} are supported with the ${allowed.name} resource`;
  return [invalid(field, resource, detail)];
}

/** A file of a downward API volume, or of such a part of a projected one. */
export function validateDownwardFile(file: DownwardAPIVolumeFile, field: string): FieldError[] {
  const { path, fieldRef, resourceFieldRef, mode } = file;
  const errors = path ? validateFilePath(path, `${field}.path`) : [required(`${field}.path`)];
  if (fieldRef) {
    errors.push(...validateFieldRef(fieldRef, `${field}.fieldRef`, FILE_FIELDS));
    if (resourceFieldRef)
      errors.push(
        invalid(field, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'),
      );
  } else if (resourceFieldRef) {
    errors.push(...validateResourceFieldRef(resourceFieldRef, `${field}.resourceFieldRef`, true));
  } else {
    errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'));
  }
  return [...errors, ...validateFileMode(mode, `${field}.mode`)];
}
