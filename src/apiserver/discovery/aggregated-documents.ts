/**
 * Discovery in two requests: `/api` and `/apis` with everything in them, for clients that accept that form.
 *
 * @see k8s.io/api/apidiscovery/v2/types.go and KEP-3352
 */
import type {
  APIGroupDiscovery,
  APIGroupDiscoveryList,
  APIResourceDiscovery,
  APISubresourceDiscovery,
} from '../../api/generated/apidiscovery-v2.ts';
import type { ResourceRow, SubresourceRow } from '../../api/resources.ts';
import type { ServedVersion } from '../aggregation/served-version.ts';

export const AGGREGATED_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Whether `accept` names the aggregated form, version 2, at all; clients put what they prefer first. */
export function acceptsAggregated(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((range) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim());
    const has = (parameter: string) => parameters.includes(parameter);
    return (
      type === 'application/json' &&
      has('g=apidiscovery.k8s.io') &&
      has('v=v2') &&
      has('as=APIGroupDiscoveryList')
    );
  });
}

type NamelessMetadata = { metadata: { name?: string; creationTimestamp: null } };
type GroupItem = Required<Pick<APIGroupDiscovery, 'versions'>> & NamelessMetadata;
/** As it goes over the wire: items carry neither kind nor apiVersion. */
export type AggregatedDocument = Omit<APIGroupDiscoveryList, 'items'> & { items: GroupItem[] };

/** The groups in `served`, in their order; versions of a group too, the preferred one first. */
export function toAggregated(served: readonly ServedVersion[]): AggregatedDocument {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: [...Map.groupBy(served, ({ group }) => group)].map(([name, own]) => ({
      metadata: { ...(name === '' ? {} : { name }), creationTimestamp: null },
      versions: own.map(toVersion),
    })),
  };
}

/** Clients leave alone what is stale, and say so. */
function toVersion({ version, rows, extension }: ServedVersion): GroupItem['versions'][number] {
  if (extension === undefined) return { version, resources: rows.map(toResource), freshness: 'Current' };
  const { resources, isCurrent } = extension;
  return { version, resources: [...resources], freshness: isCurrent ? 'Current' : 'Stale' };
}

function toResource(row: ResourceRow): APIResourceDiscovery {
  return {
    resource: row.resource,
    responseKind: { group: row.group, version: row.version, kind: row.kind },
    scope: row.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: row.singular,
    verbs: [...row.verbs],
    ...(row.shortNames.length > 0 ? { shortNames: [...row.shortNames] } : {}),
    ...(row.categories.length > 0 ? { categories: [...row.categories] } : {}),
    ...(row.subresources.length > 0
      ? { subresources: row.subresources.map((sub) => toSubresource(row, sub)) }
      : {}),
  };
}

function toSubresource(row: ResourceRow, sub: SubresourceRow): APISubresourceDiscovery {
  const { group, version, kind } = sub.kind ?? row;
  return { subresource: sub.name, responseKind: { group, version, kind }, verbs: [...sub.verbs] };
}
