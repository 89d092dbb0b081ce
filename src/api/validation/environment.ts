/**
 * The environment of a container: variables one by one, and all of a ConfigMap or Secret.
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go ValidateEnv, ValidateEnvFrom, validateFileKeyRefVolumes
 */
import type {
  ConfigMapKeySelector,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  Volume,
} from '../generated/core-v1.ts';
import { ENVIRONMENT_FIELDS, validateFieldRef, validateResourceFieldRef } from './downward-api.ts';
import { named, namedRequired } from './field-checks.ts';
import { errorsOfEach, type FieldError, invalid, notFound, required } from './field-error.ts';
import {
  configKeyProblem,
  dns1123LabelProblem,
  dns1123SubdomainProblem,
  environmentNameProblem,
} from './names.ts';
import { validateNoBacksteps } from './path-checks.ts';

const NO_SOURCE =
  'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
const MANY_SOURCES = 'may not have more than one field specified at a time';

/** @param volumes  the Pod's, by name */
export function validateEnvironment(
  variables: readonly EnvVar[],
  field: string,
  volumes: ReadonlyMap<string, Volume>,
): FieldError[] {
  return errorsOfEach(variables, ({ name, value, valueFrom }, index) => {
    const path = `${field}[${index}]`;
    const errors = namedRequired(`${path}.name`, name, environmentNameProblem);
    if (valueFrom === undefined) return errors;
    errors.push(...validateSource(valueFrom, `${path}.valueFrom`, volumes));
    const problem = countProblem(sourcesOf(valueFrom).length, value);
    return [...errors, ...named(`${path}.valueFrom`, '', problem)];
  });
}

function sourcesOf(source: object): string[] {
  return Object.entries(source).flatMap(([name, value]) => (value === undefined ? [] : name));
}

function countProblem(count: number, value: string | undefined): string | undefined {
  if (count === 0) return NO_SOURCE;
  if (value) return 'may not be specified when `value` is not empty';
  return count > 1 ? MANY_SOURCES : undefined;
}

function validateSource(
  { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef }: EnvVarSource,
  field: string,
  volumes: ReadonlyMap<string, Volume>,
): FieldError[] {
  return [
    ...(fieldRef ? validateFieldRef(fieldRef, `${field}.fieldRef`, ENVIRONMENT_FIELDS) : []),
    ...(resourceFieldRef
      ? validateResourceFieldRef(resourceFieldRef, `${field}.resourceFieldRef`, false)
      : []),
    ...(configMapKeyRef ? validateKey(configMapKeyRef, `${field}.configMapKeyRef`) : []),
    ...(secretKeyRef ? validateKey(secretKeyRef, `${field}.secretKeyRef`) : []),
    ...(fileKeyRef ? validateFileKey(fileKeyRef, `${field}.fileKeyRef`, volumes) : []),
  ];
}

/** Of a ConfigMap or a Secret. */
function validateKey({ name = '', key }: ConfigMapKeySelector, field: string): FieldError[] {
  return [
    ...named(`${field}.name`, name, dns1123SubdomainProblem(name)),
    ...namedRequired(`${field}.key`, key, configKeyProblem),
  ];
}

function validateFileKey(
  { key, volumeName, path }: FileKeySelector,
  field: string,
  volumes: ReadonlyMap<string, Volume>,
): FieldError[] {
  const errors = [
    ...namedRequired(`${field}.key`, key, environmentNameProblem),
    ...namedRequired(`${field}.volumeName`, volumeName, dns1123LabelProblem),
    ...(path ? validateNoBacksteps(path, `${field}.path`) : [required(`${field}.path`)]),
  ];
  const volume = volumes.get(volumeName);
  if (volume === undefined) errors.push(notFound(`${field}.volumeName`, volumeName ?? ''));
  else if (volume.emptyDir === undefined)
    errors.push(invalid(`${field}.volumeName`, volumeName, 'referenced volume must be of type emptyDir'));
  return errors;
}

export function validateEnvFrom(sources: readonly EnvFromSource[], field: string): FieldError[] {
  return errorsOfEach(sources, ({ prefix, configMapRef, secretRef }, index) => {
    const path = `${field}[${index}]`;
    const errors = prefix ? named(`${path}.prefix`, prefix, environmentNameProblem(prefix)) : [];
    if (configMapRef)
      errors.push(...namedRequired(`${path}.configMapRef.name`, configMapRef.name, dns1123SubdomainProblem));
    if (secretRef)
      errors.push(...namedRequired(`${path}.secretRef.name`, secretRef.name, dns1123SubdomainProblem));
    if (!configMapRef && !secretRef)
      errors.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (configMapRef && secretRef) errors.push(invalid(field, '', MANY_SOURCES));
    return errors;
  });
}
