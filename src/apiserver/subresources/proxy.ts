/**
 * `proxy` of Pods, Services and nodes: any request, whatever its method, is repeated at what stands behind the object, below
 * the path that follows. What follows is not interpreted here: it arrives as it was sent, `..` and encoded slashes included.
 *
 * Differs from upstream: encoded slashes stay encoded; an upgrade at a node's agent, which
 * may be a shell in any of its containers, needs `create` whatever the method.
 * @see k8s.io/apimachinery pkg/util/proxy/upgradeaware.go, transport.go
 */
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import { newUnknownPath } from '../errors.ts';
import { type CallHandler, type ResourceCall, type ServerContext, targetOf } from '../server-context.ts';
import { admitConnection } from './ask-webhooks.ts';
import { checkMayCreate } from './connection.ts';
import { PROXY_LOCATIONS, parseAskedTarget } from './proxy-location.ts';

/** By the verb that authorization knows; OPTIONS has none. */
export const proxyHandlers: Readonly<Record<string, CallHandler>> = {
  get: openProxy,
  create: openProxy,
  update: openProxy,
  patch: openProxy,
  delete: openProxy,
  '': openProxy,
};

async function openProxy(server: ServerContext, call: ResourceCall): Promise<ApiResponse> {
  const { info, request, row } = call;
  const { proxiedPath } = info;
  const locate = PROXY_LOCATIONS[info.resource];
  if (proxiedPath === undefined || locate === undefined) throw newUnknownPath();
  const isUpgrade = isUpgradeRequest(request);
  if (isUpgrade && info.resource === 'nodes') await checkMayCreate(server, call);
  const { namespace, name } = targetOf(call);
  await admitConnection(server, call);
  const asked = parseAskedTarget(name, row.kind.toLowerCase());
  const { scheme, ...where } = locate(server, namespace, asked);
  if (proxiedPath === '' && !isUpgrade && isRead(request)) return redirectToRoot(request);
  const prefix = request.path.slice(0, request.path.length - proxiedPath.length);
  const target = {
    ...where,
    path: proxiedPath === '' ? '/' : escapeUnsendable(proxiedPath),
    query: rawQueryOf(request),
    proxied: { scheme, prefix },
  };
  return { status: 200, headers: {}, body: { kind: 'tunnel', target } };
}

function isUpgradeRequest({ headers }: ApiRequest): boolean {
  return /\bupgrade\b/i.test(headers['connection'] ?? '');
}

function isRead({ method }: ApiRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** So that relative links of the page lead below the proxy. @see proxyRedirectsforRootPath */
function redirectToRoot(request: ApiRequest): ApiResponse {
  const query = rawQueryOf(request);
  const location = `${request.path}/${query === '' ? '' : `?${query}`}`;
  return { status: 301, headers: { location }, body: { kind: 'none' } };
}

function rawQueryOf({ rawQuery, query }: ApiRequest): string {
  return rawQuery ?? query.toString();
}

/** What may not stand in a request's first line. */
function escapeUnsendable(path: string): string {
  const hex = (character: string) => character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0');
  return path.replace(/[^\x21-\xff]/g, (character) =>
    character.charCodeAt(0) > 0xff ? encodeURIComponent(character) : `%${hex(character)}`,
  );
}
