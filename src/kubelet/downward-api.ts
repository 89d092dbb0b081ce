/**
 * The downward API: fields of the Pod and resources of a container as text, for environment variables and files. Pure.
 *
 * @see k8s.io/kubernetes/pkg/fieldpath; pkg/api/v1/resource ExtractContainerResourceValue
 */

import type { ObjectFieldSelector, Pod, ResourceFieldSelector } from '../api/generated/core-v1.ts';
import { milliValue } from '../base/quantity.ts';

/** What the Pod's own object does not say yet. */
export interface PodFacts {
  podIp: string;
  hostIps: readonly string[];
  /** The node's allocatable resources: the limit of a container that sets none. */
  allocatable: Readonly<Record<string, string>>;
}

const PLAIN_FIELDS: Readonly<Record<string, (pod: Pod, facts: PodFacts) => string>> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace ?? '',
  'metadata.uid': ({ metadata }) => metadata.uid,
  'metadata.labels': ({ metadata }) => formatMap(metadata.labels),
  'metadata.annotations': ({ metadata }) => formatMap(metadata.annotations),
  'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
  'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
  'status.hostIP': (_, { hostIps }) => hostIps[0] ?? '',
  'status.hostIPs': (_, { hostIps }) => hostIps.join(','),
  'status.podIP': (_, { podIp }) => podIp,
  'status.podIPs': (_, { podIp }) => podIp,
};

/** The field's value; `undefined` for a path that the downward API does not have. */
export function fieldValue(selector: ObjectFieldSelector, pod: Pod, facts: PodFacts): string | undefined {
  const plain = PLAIN_FIELDS[selector.fieldPath];
  if (plain !== undefined) return plain(pod, facts);
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(selector.fieldPath);
  if (subscript === null) return undefined;
  const [, list, key] = subscript;
  const map = list === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
  return map?.[key!] ?? '';
}

/** `key="value"` lines, sorted by key. @see fieldpath.FormatMap */
function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join('\n');
}

/**
 * A container's request or limit in units of the divisor, rounded up. `undefined` for what does not exist.
 * @param containerName  the container that asks; the selector may name another
 */
export function resourceValue(
  selector: ResourceFieldSelector,
  pod: Pod,
  containerName: string,
  facts: PodFacts,
): string | undefined {
  const name = selector.containerName ?? containerName;
  const { containers, initContainers = [] } = pod.spec;
  const container = [...containers, ...initContainers].find((candidate) => candidate.name === name);
  const [, list, resource] = /^(limits|requests)\.(.+)$/.exec(selector.resource) ?? [];
  if (container === undefined || list === undefined || resource === undefined) return undefined;
  const own = container.resources?.[list as 'limits' | 'requests']?.[resource];
  const value = own ?? (list === 'limits' ? facts.allocatable[resource] : '0');
  const divisor = selector.divisor === undefined || selector.divisor === '0' ? '1' : selector.divisor;
  return String(Math.ceil(milliValue(value) / Math.max(1, milliValue(divisor))));
}
