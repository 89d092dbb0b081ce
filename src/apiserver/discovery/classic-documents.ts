/**
 * Discovery as every client library knows it: one document for the versions, one for the groups, one for each group, and
 * one for the resources of each group version.
 *
 * @see k8s.io/apimachinery/pkg/apis/meta/v1/types.go: APIVersions, APIGroupList, APIGroup, APIResourceList
 */
import type {
  APIGroup,
  APIGroupList,
  APIResource,
  APIResourceList,
  APIVersions,
} from '../../api/generated/meta-v1.ts';
import type { ResourceRow, SubresourceRow } from '../../api/resources.ts';
import type { ServedVersion } from '../aggregation/served-version.ts';
import { storageVersionHash } from './storage-version-hash.ts';

/** `/api`. `serverAddress` is host and port, for clients everywhere. */
export function toApiVersions(serverAddress: string): Omit<APIVersions, 'apiVersion'> {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/apis`: every group but the core one. */
export function toGroupList(served: readonly ServedVersion[]): APIGroupList {
  const names = new Set(served.map(({ group }) => group).filter((group) => group !== ''));
  const groups = [...names].map((name) => toVersions(name, served));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups as APIGroup[] };
}

/** `/apis/GROUP`; undefined for a group that is not there. */
export function toGroup(group: string, served: readonly ServedVersion[]): APIGroup | undefined {
  const own = toVersions(group, served);
  return own.versions.length === 0 ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...own };
}

/** `/api/v1`, `/apis/GROUP/VERSION`; undefined for a group version without resources of this server. */
export function toResourceList(
  group: string,
  version: string,
  served: readonly ServedVersion[],
): Omit<APIResourceList, 'apiVersion'> | undefined {
  const own = served.find((one) => one.group === group && one.version === version)?.rows ?? [];
  if (own.length === 0) return undefined;
  const all = served.flatMap(({ rows }) => rows);
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: own.flatMap((row) => [
      toResource(row, storageVersionHash(row, all)),
      ...row.subresources.map((sub) => toSubresource(row, sub)),
    ]),
  };
}

/** The first version of a group is the one that it prefers. */
function toVersions(name: string, served: readonly ServedVersion[]): Omit<APIGroup, 'kind' | 'apiVersion'> {
  const versions = served
    .filter(({ group }) => group === name)
    .map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, ...(versions[0] ? { preferredVersion: versions[0] } : {}) };
}

function toResource(row: ResourceRow, hash: string | undefined): APIResource {
  return {
    name: row.resource,
    singularName: row.singular,
    namespaced: row.namespaced,
    kind: row.kind,
    verbs: [...row.verbs],
    ...(row.shortNames.length > 0 ? { shortNames: [...row.shortNames] } : {}),
    ...(row.categories.length > 0 ? { categories: [...row.categories] } : {}),
    ...(hash === undefined ? {} : { storageVersionHash: hash }),
  };
}

/** A subresource of another group's kind (`scale`, `eviction`) says so. */
function toSubresource(row: ResourceRow, sub: SubresourceRow): APIResource {
  const kind = sub.kind ?? row;
  const isForeign = kind.group !== row.group || kind.version !== row.version;
  return {
    name: `${row.resource}/${sub.name}`,
    singularName: '',
    namespaced: row.namespaced,
    ...(isForeign ? { group: kind.group, version: kind.version } : {}),
    kind: kind.kind,
    verbs: [...sub.verbs],
  };
}
