/**
 * What an extension API server answers about itself, made usable or refused. Pure; nothing of it is believed to have the
 * right shape.
 *
 * @see kube-aggregator/pkg/apiserver/handler_discovery.go, apiserver/pkg/endpoints/discovery/aggregated ConvertAPIGroups…
 */
import type { APIResourceDiscovery, APISubresourceDiscovery } from '../../api/generated/apidiscovery-v2.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { isNestedWithin, NESTING_MAX } from '../../api/nesting.ts';

export interface GroupVersionName {
  group: string;
  version: string;
}

/** More than that no group version has. */
const RESOURCES_MAX = 2000;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Undefined for what is no JSON. */
export function parseDocument(body: Uint8Array | undefined): JsonObject | undefined {
  try {
    const value = JSON.parse(decoder.decode(body)) as JsonValue;
    return isJsonObject(value) && isNestedWithin(value, NESTING_MAX) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Of an APIGroupDiscoveryList the resources of one group version; undefined when it says nothing about that. */
export function readAggregated(
  document: JsonObject,
  { group, version }: GroupVersionName,
): APIResourceDiscovery[] | undefined {
  const groups = objectsOf(document['items']);
  const found = groups.find(({ metadata }) => isJsonObject(metadata) && metadata['name'] === group);
  const own = objectsOf(found?.['versions']).find((candidate) => candidate['version'] === version);
  if (own === undefined || own['freshness'] === 'Stale') return undefined;
  return objectsOf(own['resources'])
    .filter(({ resource }) => isName(resource))
    .slice(0, RESOURCES_MAX)
    .map((resource) => copyResource(resource, { group, version }));
}

/** Field by field: one that has another type would spoil the whole document for every client. */
function copyResource(resource: JsonObject, of: GroupVersionName): APIResourceDiscovery {
  const { resource: name, scope, singularResource, responseKind, verbs } = resource;
  const subresources = objectsOf(resource['subresources'])
    .filter(({ subresource }) => isName(subresource))
    .map((other): APISubresourceDiscovery => {
      const { subresource, responseKind: kind, verbs: own } = other;
      return { subresource: subresource as string, ...copyKind(kind, of), verbs: namesOf(own) };
    });
  return {
    resource: name as string,
    ...copyKind(responseKind, of),
    scope: scope === 'Namespaced' ? scope : 'Cluster',
    singularResource: isName(singularResource) ? singularResource : '',
    verbs: namesOf(verbs),
    ...namesIfAny('shortNames', resource['shortNames']),
    ...namesIfAny('categories', resource['categories']),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

function copyKind(
  value: JsonValue | undefined,
  of: GroupVersionName,
): Pick<APIResourceDiscovery, 'responseKind'> {
  if (!isJsonObject(value) || !isName(value['kind'])) return {};
  const { group, version, kind } = value;
  return {
    responseKind: {
      group: typeof group === 'string' ? group : of.group,
      version: isName(version) ? version : of.version,
      kind,
    },
  };
}

function namesIfAny<K extends string>(field: K, value: JsonValue | undefined): { [key in K]?: string[] } {
  const names = namesOf(value);
  return names.length > 0 ? ({ [field]: names } as { [key in K]?: string[] }) : {};
}

/** The same of an APIResourceList, in which subresources are resources with a slash in their names. */
export function readClassic(document: JsonObject, of: GroupVersionName): APIResourceDiscovery[] | undefined {
  if (document['kind'] !== 'APIResourceList') return undefined;
  const listed = objectsOf(document['resources']).filter(isNamed).slice(0, RESOURCES_MAX);
  return listed.filter(({ name }) => !name.includes('/')).map((resource) => toResource(resource, listed, of));
}

type Named = JsonObject & { name: string; kind: string };

function isNamed(resource: JsonObject): resource is Named {
  return isName(resource['name']) && isName(resource['kind']);
}

function toResource(resource: Named, listed: readonly Named[], of: GroupVersionName) {
  const { name, singularName, namespaced, verbs } = resource;
  const subresources = listed
    .filter((other) => other.name.startsWith(`${name}/`))
    .map(
      (other): APISubresourceDiscovery => ({
        subresource: other.name.slice(name.length + 1),
        responseKind: kindOf(other, of),
        verbs: namesOf(other['verbs']),
      }),
    );
  return {
    resource: name,
    responseKind: kindOf(resource, of),
    scope: namespaced === true ? 'Namespaced' : 'Cluster',
    singularResource: isName(singularName) ? singularName : '',
    verbs: namesOf(verbs),
    ...namesIfAny('shortNames', resource['shortNames']),
    ...namesIfAny('categories', resource['categories']),
    ...(subresources.length > 0 ? { subresources } : {}),
  } satisfies APIResourceDiscovery;
}

function kindOf({ group, version, kind }: Named, of: GroupVersionName) {
  return {
    group: isName(group) ? group : of.group,
    version: isName(version) ? version : of.version,
    kind,
  };
}

/** Where an index of OpenAPI version 3 says that the schemas of one group version are. */
export function readOpenApiUrl(
  document: JsonObject | undefined,
  { group, version }: GroupVersionName,
): string | undefined {
  const path = `apis/${group}/${version}`;
  const entry = isJsonObject(document?.['paths']) ? document['paths'][path] : undefined;
  const url = isJsonObject(entry) ? entry['serverRelativeURL'] : undefined;
  return isName(url) && url.split('?', 1)[0] === `/openapi/v3/${path}` ? url : undefined;
}

function objectsOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function namesOf(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter(isName) : [];
}

function isName(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value !== '';
}
