/**
 * A container's environment, in upstream's order of precedence: Service links, `envFrom`, `env`; later ones win. Pure:
 * the ConfigMaps and Secrets that it may need come in as values.
 *
 * @see kubelet makeEnvironmentVariables
 */

import type {
  ConfigMap,
  Container,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  Pod,
  Secret,
} from '../api/generated/core-v1.ts';
import { fromBase64 } from '../base/base64.ts';
import { fieldValue, type PodFacts, resourceValue } from './downward-api.ts';
import { expandVariables } from './expansion.ts';

export interface EnvironmentInputs extends PodFacts {
  pod: Pod;
  /** `FOO_SERVICE_HOST` and so on; already filtered by `enableServiceLinks`. */
  serviceVariables: readonly { name: string; value: string }[];
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

export type Environment = { variables: Map<string, string> } | { error: string };

/** A required source is missing; carried as a value, never thrown past {@link containerEnvironment}. */
type Lookup = { value: string | undefined } | { error: string };

/** The environment, or the message of `CreateContainerConfigError`. */
export function containerEnvironment(container: Container, inputs: EnvironmentInputs): Environment {
  const variables = new Map(inputs.serviceVariables.map(({ name, value }) => [name, value]));
  for (const source of container.envFrom ?? []) {
    const added = variablesFrom(source, inputs);
    if ('error' in added) return added;
    for (const [name, value] of added.variables) variables.set(name, value);
  }
  for (const variable of container.env ?? []) {
    const found = variableValue(variable, container, variables, inputs);
    if ('error' in found) return found;
    if (found.value !== undefined) variables.set(variable.name, found.value);
  }
  return { variables };
}

function variablesFrom(source: EnvFromSource, inputs: EnvironmentInputs): Environment {
  const isMap = source.configMapRef !== undefined;
  const reference = source.configMapRef ?? source.secretRef;
  const name = reference?.name ?? '';
  const object = isMap ? inputs.configMap(name) : inputs.secret(name);
  if (object === undefined) {
    if (reference?.optional === true) return { variables: new Map() };
    return { error: notFound(isMap ? 'configmap' : 'secret', name) };
  }
  const prefix = source.prefix ?? '';
  const entries = Object.entries(object.data ?? {}).map(
    ([key, value]) => [prefix + key, isMap ? value : decodeSecret(value)] as const,
  );
  return { variables: new Map(entries) };
}

function variableValue(
  variable: EnvVar,
  container: Container,
  known: ReadonlyMap<string, string>,
  inputs: EnvironmentInputs,
): Lookup {
  if (variable.valueFrom === undefined) return { value: expandVariables(variable.value ?? '', known) };
  return sourceValue(variable.valueFrom, container.name, inputs);
}

function sourceValue(source: EnvVarSource, containerName: string, inputs: EnvironmentInputs): Lookup {
  const { pod } = inputs;
  if (source.fieldRef !== undefined) {
    const value = fieldValue(source.fieldRef, pod, inputs);
    return value === undefined ? { error: `unsupported fieldPath: ${source.fieldRef.fieldPath}` } : { value };
  }
  if (source.resourceFieldRef !== undefined) {
    const value = resourceValue(source.resourceFieldRef, pod, containerName, inputs);
    const { resource } = source.resourceFieldRef;
    return value === undefined ? { error: `unsupported container resource : ${resource}` } : { value };
  }
  if (source.configMapKeyRef !== undefined) return configMapValue(source.configMapKeyRef, inputs);
  if (source.secretKeyRef !== undefined) return secretValue(source.secretKeyRef, inputs);
  return { value: undefined };
}

interface KeyReference {
  name?: string;
  key: string;
  optional?: boolean;
}

function configMapValue({ name = '', key, optional }: KeyReference, inputs: EnvironmentInputs): Lookup {
  const map = inputs.configMap(name);
  const value = map?.data?.[key];
  if (value !== undefined || optional === true) return { value };
  if (map === undefined) return { error: notFound('configmap', name) };
  return { error: `couldn't find key ${key} in ConfigMap ${inputs.pod.metadata.namespace}/${name}` };
}

function secretValue({ name = '', key, optional }: KeyReference, inputs: EnvironmentInputs): Lookup {
  const secret = inputs.secret(name);
  const value = secret?.data?.[key];
  if (value !== undefined) return { value: decodeSecret(value) };
  if (optional === true) return { value: undefined };
  if (secret === undefined) return { error: notFound('secret', name) };
  return { error: `couldn't find key ${key} in Secret ${inputs.pod.metadata.namespace}/${name}` };
}

function notFound(kind: string, name: string): string {
  return `${kind} "${name}" not found`;
}

/** A Secret's value as text; bytes that are no UTF-8 become replacement characters. */
function decodeSecret(base64: string): string {
  return new TextDecoder().decode(fromBase64(base64));
}

/** Names of the ConfigMaps and Secrets that the container's environment refers to. */
export function environmentSources(container: Container): { configMaps: string[]; secrets: string[] } {
  const configMaps: (string | undefined)[] = [];
  const secrets: (string | undefined)[] = [];
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    configMaps.push(configMapRef?.name);
    secrets.push(secretRef?.name);
  }
  for (const { valueFrom } of container.env ?? []) {
    configMaps.push(valueFrom?.configMapKeyRef?.name);
    secrets.push(valueFrom?.secretKeyRef?.name);
  }
  return { configMaps: unique(configMaps), secrets: unique(secrets) };
}

function unique(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))] as string[];
}
