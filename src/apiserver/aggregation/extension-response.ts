/**
 * Hands a request to the extension API server that its group version belongs to: who asks is established, and may ask.
 *
 * @see k8s.io/kube-aggregator/pkg/apiserver/handler_proxy.go
 */
import { isAvailable } from '../../api/api-service.ts';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { ApiRequest, ApiResponse, UserInfo } from '../../api/message.ts';
import type { Random } from '../../base/random.ts';
import type { Store } from '../../store/store.ts';
import type { RequestInfo } from '../route.ts';
import { type WebhookAddress, WebhookTransportError } from '../webhooks/webhook-transport.ts';
import type { ApiServiceView } from './api-service-view.ts';
import { extensionAddresses, extensionTarget } from './extension-target.ts';

export interface ExtensionRequest {
  request: ApiRequest;
  user: UserInfo;
  /** It may be answered for hours. */
  lasts: boolean;
}

/** `/apis/GROUP/VERSION`, and the place of its schemas. */
const GROUP_VERSION_PATH = /^(?:\/openapi\/v3)?\/apis\/([^/]+)\/([^/]+)\/?$/;
/** What discovery is asked for, everybody waits for. @see aggregatedDiscoveryTimeout */
const DISCOVERY_TIMEOUT_MS = 5000;
/** @see --request-timeout */
const REQUEST_TIMEOUT_MS = 60_000;

/** Whose the answer to a request is; undefined when it is this server's. Costs next to nothing where there are none. */
export function findExtension(view: ApiServiceView, info: RequestInfo): APIService | undefined {
  if (view.extensions.size === 0) return undefined;
  if (info.isResourceRequest) return view.extensionFor(info.group, info.version);
  const match = GROUP_VERSION_PATH.exec(info.path);
  return match === null ? undefined : view.extensionFor(match[1]!, match[2]!);
}

/** Whether a request's body is for an extension to read. */
export function isExtensionPath(view: ApiServiceView, path: string): boolean {
  if (view.extensions.size === 0) return false;
  const [, root, group, version] = path.split('/', 4);
  return root === 'apis' && view.extensionFor(group!, version ?? '') !== undefined;
}

export function extensionResponse(
  { store, random }: { store: Store; random: Random },
  service: APIService,
  { request, user, lasts }: ExtensionRequest,
): ApiResponse {
  const address = isAvailable(service) ? anyAddress(store, random, service) : undefined;
  if (address === undefined) return newUnavailable();
  const { path, query, rawQuery, headers } = request;
  const isOpen = lasts || /\bupgrade\b/i.test(headers['connection'] ?? '');
  const timeoutMs = GROUP_VERSION_PATH.test(path) ? DISCOVERY_TIMEOUT_MS : REQUEST_TIMEOUT_MS;
  const call = { path, query: rawQuery ?? query.toString(), user, ...(isOpen ? {} : { timeoutMs }) };
  const target = extensionTarget(service, address, call);
  return { status: 200, headers: {}, body: { kind: 'tunnel', target } };
}

function anyAddress(store: Store, random: Random, service: APIService): WebhookAddress | undefined {
  try {
    const addresses = extensionAddresses(store, service);
    return addresses[Math.floor(random.next() * addresses.length)];
  } catch (error) {
    if (error instanceof WebhookTransportError) return undefined;
    throw error;
  }
}

function newUnavailable(): ApiResponse {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' };
  const bytes = new TextEncoder().encode('service unavailable\n');
  return { status: 503, headers, body: { kind: 'bytes', bytes } };
}
