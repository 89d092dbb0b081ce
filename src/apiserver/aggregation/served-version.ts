/** The group versions that the API has, in the order in which discovery lists them and clients prefer them. Pure. */
import type { APIResourceDiscovery } from '../../api/generated/apidiscovery-v2.ts';
import type { OpenApiPart } from '../../api/openapi-merge.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { compareVersions } from '../kinds.ts';
import { defaultPriority, type Priority } from './priorities.ts';

export interface ServedVersion {
  group: string;
  version: string;
  /** What this server serves itself; empty for an extension's. */
  rows: readonly ResourceRow[];
  extension?: ExtensionDocument;
}

/** What an extension API server last said of a group version. */
export interface ExtensionDocument {
  resources: readonly APIResourceDiscovery[];
  /** It could be asked when it was last tried. */
  isCurrent: boolean;
  /** Where its schemas are: `/openapi/v3/apis/GROUP/VERSION?hash=…`. */
  openApiUrl?: string;
  /** Those of version 2, without what belongs to other group versions. */
  schemas?: OpenApiPart;
}

/** @see kube-aggregator apiregistration/v1/helper SortedByGroupAndVersion; equal groups by name, as in aggregated discovery */
export function sortVersions<T extends { group: string; version: string }>(
  versions: readonly T[],
  priorityOf: (version: T) => Priority,
): T[] {
  const ranked = versions.map((item) => ({ item, priority: priorityOf(item) }));
  const groups = new Map<string, number>();
  for (const { item, priority } of ranked)
    groups.set(item.group, Math.max(groups.get(item.group) ?? 0, priority.group));
  return ranked
    .sort(({ item: a, priority: first }, { item: b, priority: second }) => {
      if (a.group === b.group) return second.version - first.version || compareVersions(a.version, b.version);
      return groups.get(b.group)! - groups.get(a.group)! || (a.group < b.group ? -1 : 1);
    })
    .map(({ item }) => item);
}

/** Of each group version the rows in `rows`, in their order. */
export function toServedVersions(rows: readonly ResourceRow[]): ServedVersion[] {
  const versions = Map.groupBy(rows, ({ group, version }) => `${group}/${version}`);
  const served = [...versions.values()].map((own) => {
    const { group, version } = own[0]!;
    return { group, version, rows: own };
  });
  return sortVersions(served, ({ group, version }) => defaultPriority(group, version));
}
