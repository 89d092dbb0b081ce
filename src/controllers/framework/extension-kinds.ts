/** The kinds that extension API servers add, for controllers that work on every kind there is. */
import { isExtension } from '../../api/api-service.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { APIResource, APIResourceList } from '../../api/generated/meta-v1.ts';
import { newResource, type ResourceRow, type Verb } from '../../api/resource-row.ts';
import { API_SERVICES } from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { parseText } from '../../client/response-body.ts';

export interface ExtensionKinds {
  rows: ResourceRow[];
  /** `group/version` of those that cannot be asked now. */
  unknown: string[];
}

/** A list of resources is read up to there; what is longer counts as unknown. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

/** Asks every extension what it serves. Costs one list where there are none. */
export async function discoverExtensionKinds(
  client: Pick<ApiClient, 'list' | 'read'>,
  signal: AbortSignal,
): Promise<ExtensionKinds> {
  const { items } = await client.list(API_SERVICES, {}, signal);
  const extensions = items.filter(isExtension);
  const found = await Promise.all(extensions.map((service) => discoverExtension(client, service, signal)));
  const groupVersions = extensions.map(({ spec }) => `${spec.group}/${spec.version}`);
  return {
    rows: found.flatMap((rows) => rows ?? []),
    unknown: groupVersions.filter((_, index) => found[index] === undefined).sort(),
  };
}

/** What one extension serves; `undefined` when it cannot be asked now. */
export async function discoverExtension(
  client: Pick<ApiClient, 'read'>,
  { spec }: APIService,
  signal: AbortSignal,
): Promise<ResourceRow[] | undefined> {
  const apiVersion = `${spec.group}/${spec.version}`;
  const list = await readList(client, `/apis/${apiVersion}`, signal).catch((error: unknown) => {
    if (!(error instanceof StatusError) || signal.aborted) throw error;
    return undefined;
  });
  return list?.resources.filter(isResource).map((resource) => toRow(apiVersion, resource));
}

/** @throws StatusError when it cannot be read, or is something else */
async function readList(
  client: Pick<ApiClient, 'read'>,
  path: string,
  signal: AbortSignal,
): Promise<APIResourceList> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of client.read(path, signal)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > ANSWER_BYTES_MAX) throw new StatusError('InternalError', `${path} is too long`);
  }
  const value = parseText(text) as Partial<APIResourceList> | null;
  if (value?.kind === 'APIResourceList' && Array.isArray(value.resources)) return value as APIResourceList;
  throw new StatusError('InternalError', `${path} is no list of resources`);
}

/** Subresources are in the list, too, with a slash in their names. */
function isResource(resource: Partial<APIResource> | null): resource is APIResource {
  return NAME.test(resource?.name ?? '') && Array.isArray(resource?.verbs) && Boolean(resource.kind);
}

function toRow(apiVersion: string, { name, kind, namespaced, verbs }: APIResource): ResourceRow {
  return newResource(apiVersion, kind, name, {
    clusterScoped: namespaced !== true,
    verbs: verbs as Verb[],
  });
}
