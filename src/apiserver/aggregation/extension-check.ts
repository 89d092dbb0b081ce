/**
 * Asks an extension API server whether it serves its group version, and what there is in it. What it answers with is bounded
 * in time and size, and read only where it has the right shape.
 *
 * @see kube-aggregator remote_available_controller.go (the check), apiserver/handler_discovery.go (the document)
 */

import { backendOf } from '../../api/api-service.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { Service } from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import type { TunnelTarget, UserInfo } from '../../api/message.ts';
import { type OpenApiPart, selectPaths } from '../../api/openapi-merge.ts';
import { ENDPOINT_SLICES, SERVICES } from '../../api/resources.ts';
import { newScope } from '../../base/abort.ts';
import type { Random } from '../../base/random.ts';
import type { Store } from '../../store/store.ts';
import { keyFor, prefixOf } from '../registry/registry.ts';
import { type WebhookAddress, WebhookTransportError } from '../webhooks/webhook-transport.ts';
import { parseDocument, readAggregated, readClassic, readOpenApiUrl } from './extension-document.ts';
import { type ExtensionAnswer, ExtensionReadError, type ExtensionReader } from './extension-reader.ts';
import { extensionAddresses, extensionTarget } from './extension-target.ts';
import { failedCheck, judgeBackend, PASSED, type Verdict } from './judge-backend.ts';
import type { ExtensionDocument } from './served-version.ts';

/** As whom the server asks: extensions know the group. @see SetAuthProxyHeaders in both of upstream's controllers */
const AGGREGATOR: UserInfo = { username: 'system:kube-aggregator', groups: ['system:masters'] };
const READ_TIMEOUT_MS = 5000;
/** So many endpoints are tried, all at once. */
const ATTEMPTS_MAX = 5;
const DISCOVERY_BYTES_MAX = 4 * 1024 * 1024;
/** Error texts go into the status. */
const MESSAGE_MAX = 2048;
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const JSON_TYPE = 'application/json';
const AGGREGATED_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

export interface ExtensionCheckParts {
  store: Store;
  random: Random;
  reader: ExtensionReader;
}

export interface CheckResult {
  verdict: Verdict;
  /** Where it answered, and what; only when it passed. */
  passed?: { address: WebhookAddress; answer: ExtensionAnswer };
}

/** Rejects only with `signal.reason`. */
export async function checkExtension(
  parts: ExtensionCheckParts,
  service: APIService,
  signal: AbortSignal,
): Promise<CheckResult> {
  const verdict = judgeBackend(service, serviceOf(parts.store, service), slicesOf(parts.store, service));
  if (verdict !== undefined) return { verdict };
  const addresses = addressesOf(parts, service);
  if (typeof addresses === 'string') return { verdict: failedCheck(addresses) };
  const scope = newScope(signal);
  const attempts = addresses.map((address) => attempt(parts.reader, service, address, scope.signal));
  const passed = await firstPassed(attempts).finally(() => scope.abort());
  signal.throwIfAborted();
  if (typeof passed === 'string') return { verdict: failedCheck(passed.slice(0, MESSAGE_MAX)) };
  return { verdict: PASSED, passed };
}

function serviceOf(store: Store, apiService: APIService): Service | undefined {
  const { namespace, name } = backendOf(apiService)!;
  return store.get(keyFor({ row: SERVICES, namespace, name }))?.value as Service | undefined;
}

function slicesOf(store: Store, apiService: APIService): EndpointSlice[] {
  const { namespace, name } = backendOf(apiService)!;
  return store
    .list({ prefix: prefixOf(ENDPOINT_SLICES, namespace) })
    .objects.map(({ value }) => value as unknown as EndpointSlice)
    .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME_LABEL] === name);
}

/** Some of its endpoints, in an order of chance; or why there is none. */
function addressesOf({ store, random }: ExtensionCheckParts, service: APIService): WebhookAddress[] | string {
  try {
    const left = extensionAddresses(store, service);
    const chosen: WebhookAddress[] = [];
    while (left.length > 0 && chosen.length < ATTEMPTS_MAX)
      chosen.push(...left.splice(Math.floor(random.next() * left.length), 1));
    const { name } = backendOf(service)!;
    return chosen.length > 0 ? chosen : `no endpoints available for service ${JSON.stringify(name)}`;
  } catch (error) {
    if (error instanceof WebhookTransportError) return error.message;
    throw error;
  }
}

type Attempt = NonNullable<CheckResult['passed']> | string;

/** The first that is no problem; when all are, the last that came. */
function firstPassed(attempts: readonly Promise<Attempt>[]): Promise<Attempt> {
  return new Promise((resolve, reject) => {
    let left = attempts.length;
    for (const one of attempts) {
      one.then((result) => {
        left--;
        if (typeof result !== 'string' || left === 0) resolve(result);
      }, reject);
    }
  });
}

async function attempt(
  reader: ExtensionReader,
  service: APIService,
  address: WebhookAddress,
  signal: AbortSignal,
): Promise<Attempt> {
  const target = targetOf(service, address, discoveryPath(service));
  const url = urlOf(target);
  const answer = await readOrProblem(reader, target, JSON_TYPE, signal);
  if (typeof answer === 'string') return `failing or missing response from ${url}: ${answer}`;
  if (answer.status >= 200 && answer.status < 300) return { address, answer };
  return `failing or missing response from ${url}: bad status from ${url}: ${answer.status}`;
}

/**
 * What there is in the group version, and its schemas; `classic` is what it answered to the check, `last` what it said before.
 *
 * @returns undefined when it says nothing useful
 */
export async function readExtensionDocument(
  { reader }: Pick<ExtensionCheckParts, 'reader'>,
  service: APIService,
  { address, answer: classic, last }: NonNullable<CheckResult['passed']> & { last?: ExtensionDocument },
  signal: AbortSignal,
): Promise<ExtensionDocument | undefined> {
  const ask = (path: string, accept: string) =>
    readOrProblem(reader, targetOf(service, address, path), accept, signal);
  const [aggregated, openApi, version2] = await Promise.all([
    ask('/apis', `${AGGREGATED_TYPE},${JSON_TYPE}`),
    ask('/openapi/v3', JSON_TYPE),
    ask('/openapi/v2', JSON_TYPE),
  ]);
  const of = { group: service.spec.group!, version: service.spec.version! };
  const whole = documentOf(aggregated);
  const own = whole?.['kind'] === 'APIGroupDiscoveryList' ? readAggregated(whole, of) : undefined;
  const listed = own === undefined ? documentOf(classic) : undefined;
  const resources = own ?? (listed && readClassic(listed, of));
  if (resources === undefined) return undefined;
  const openApiUrl = readOpenApiUrl(documentOf(openApi), of);
  const schemas = schemasOf(version2, service, last?.schemas);
  return {
    resources,
    isCurrent: true,
    ...(openApiUrl === undefined ? {} : { openApiUrl }),
    ...(schemas === undefined ? {} : { schemas }),
  };
}

/** Those that it had last are good until it answers with others, or that it has none. */
function schemasOf(
  answer: ExtensionAnswer | string,
  service: APIService,
  last: OpenApiPart | undefined,
): OpenApiPart | undefined {
  if (typeof answer === 'string' || (answer.status !== 200 && answer.status !== 404)) return last;
  if (answer.status === 404) return undefined;
  const document = parseDocument(answer.body);
  return document === undefined ? last : selectPaths(document, `${discoveryPath(service)}/`);
}

function documentOf(answer: ExtensionAnswer | string) {
  return typeof answer === 'string' || answer.status !== 200 ? undefined : parseDocument(answer.body);
}

/** Everything but an abort is an answer. */
async function readOrProblem(
  reader: ExtensionReader,
  target: TunnelTarget,
  accept: string,
  signal: AbortSignal,
): Promise<ExtensionAnswer | string> {
  try {
    return await reader.read(target, { accept, answerBytesMax: DISCOVERY_BYTES_MAX }, signal);
  } catch (error) {
    if (signal.aborted) return 'context canceled';
    if (error instanceof ExtensionReadError) return `Get ${JSON.stringify(urlOf(target))}: ${error.message}`;
    throw error;
  }
}

function targetOf(service: APIService, address: WebhookAddress, path: string): TunnelTarget {
  const call = { path, query: '', user: AGGREGATOR, timeoutMs: READ_TIMEOUT_MS };
  return extensionTarget(service, address, call);
}

/** What it must serve. */
function discoveryPath({ spec }: APIService): string {
  return `/apis/${spec.group}/${spec.version}`;
}

function urlOf({ host, port, path }: TunnelTarget): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}
