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
import { assert } from '../../base/assert.ts';
import type { ServedVersion } from '../aggregation/served-version.ts';
import { type Format, MEDIA_TYPES, parseAccept } from '../representation.ts';
import { valueResponse } from '../responses.ts';
import type { OtherForm } from './published-document.ts';

const PARAMETERS = { g: 'apidiscovery.k8s.io', v: 'v2', as: 'APIGroupDiscoveryList' };
const SUFFIX = Object.entries(PARAMETERS)
  .map(([name, value]) => `;${name}=${value}`)
  .join('');
const FORMATS = ['json', 'protobuf', 'yaml'] as const satisfies readonly Format[];

/**
 * In which format the aggregated form is to be sent; undefined for a client that prefers the classic one, or knows no other.
 *
 * @see k8s.io/apiserver/pkg/endpoints/discovery/aggregated/negotiation.go
 */
export function acceptedAggregate(accept: string | undefined): Format | undefined {
  for (const { type, parameters } of parseAccept(accept ?? '')) {
    const format = FORMATS.find((candidate) => MEDIA_TYPES[candidate] === type);
    if (format === undefined) continue;
    if (!parameters.has('as')) return undefined;
    if (Object.entries(PARAMETERS).every(([name, value]) => parameters.get(name) === value)) return format;
  }
  return undefined;
}

/** How `document` is sent in `format`. */
export function aggregatedForm(format: Format, document: AggregatedDocument): OtherForm {
  const contentType = MEDIA_TYPES[format] + SUFFIX;
  if (format === 'json') return { contentType };
  const { body } = valueResponse(200, document, { format, pretty: false });
  assert(body.kind === 'object', 'a value is sent as an object');
  return { contentType, bytes: () => body.bytes() };
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
