/**
 * The table of kinds: one row for every resource that the API serves.
 *
 * A row is also the typed token by which clients name the resource: `client.get(PODS, …)` is a `Pod`.
 * Nothing else lists kinds; routes, discovery, printers and storage keys are derived from here.
 * Source: `kubectl api-resources` of v1.36 and the strategies in pkg/registry of kubernetes/kubernetes.
 */
import type { ResourceRef, ResourceRow } from './resource-row.ts';
import * as access from './resources/access.ts';
import * as core from './resources/core.ts';
import * as extension from './resources/extension.ts';
import * as infrastructure from './resources/infrastructure.ts';
import * as workloads from './resources/workloads.ts';

export type { ResourceRef, ResourceRow, SubresourceRow, Verb } from './resource-row.ts';
export * from './resources/access.ts';
export * from './resources/core.ts';
export * from './resources/extension.ts';
export * from './resources/infrastructure.ts';
export * from './resources/workloads.ts';

/** Groups in the order in which discovery lists them and clients prefer them. @see kube-aggregator's group priorities */
export const GROUP_ORDER: readonly string[] = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

const TABLE: readonly ResourceRow[] = [core, workloads, access, extension, infrastructure]
  .flatMap((area): ResourceRow[] => Object.values(area))
  .sort(compareRows);

/** By group priority, then the newer version, then the resource's name. */
function compareRows(a: ResourceRow, b: ResourceRow): number {
  const byGroup = GROUP_ORDER.indexOf(a.group) - GROUP_ORDER.indexOf(b.group);
  if (byGroup !== 0) return byGroup;
  if (a.version !== b.version) return a.version > b.version ? -1 : 1;
  return a.resource < b.resource ? -1 : 1;
}

const BY_RESOURCE = new Map(TABLE.map((row) => [`${row.group}/${row.version}/${row.resource}`, row]));
const BY_KIND = new Map(TABLE.map((row) => [`${row.group}/${row.version}/${row.kind}`, row]));

/** The row of `pods` in `''`, `v1`; undefined for a custom or unknown resource. */
export function findResource(group: string, version: string, resource: string): ResourceRow | undefined {
  return BY_RESOURCE.get(`${group}/${version}/${resource}`);
}

/** The row of `Pod` in `''`, `v1`; undefined for a custom or unknown kind, and for kinds that only subresources take. */
export function findKind(group: string, version: string, kind: string): ResourceRow | undefined {
  return BY_KIND.get(`${group}/${version}/${kind}`);
}

/** Every built-in row, groups in upstream's order of priority. */
export function allResources(): readonly ResourceRow[] {
  return TABLE;
}

/**
 * The path of a resource, an object or a subresource: `/api/v1/namespaces/x/pods/y/log`.
 *
 * Without `namespace` the path spans all namespaces; a cluster-scoped resource ignores it.
 */
export function resourcePath(
  ref: ResourceRef<unknown>,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  let path = ref.group === '' ? `/api/${ref.version}` : `/apis/${ref.group}/${ref.version}`;
  if (ref.namespaced && namespace) path += `/namespaces/${encodeURIComponent(namespace)}`;
  path += `/${ref.resource}`;
  if (name) path += `/${encodeURIComponent(name)}`;
  return subresource ? `${path}/${subresource}` : path;
}
