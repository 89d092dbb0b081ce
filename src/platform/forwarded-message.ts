/**
 * A request and its answer as a reverse proxy hands them on: without what belongs to one connection only, without the client's
 * credentials, for what stands behind a `proxy` subresource with the address that the client sees, and for an extension API
 * server with who the client is.
 *
 * @see k8s.io/apimachinery pkg/util/proxy/transport.go and net/http/httputil/reverseproxy.go in Go
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { ApiRequest, ExtensionTarget, TunnelTarget } from '../api/message.ts';
import { bracketed, hostPort } from './dial-error.ts';
import { isPage, PACKING_HEADERS, withPublicLinks } from './html-links.ts';
import type { WritableResponse } from './https-response.ts';

/** What proves or says who the client is to the API server. */
const CREDENTIALS = /^(?:authorization|expect|impersonate-.*|x-remote-.*)$/;
/** An agent serves the API server, not its client: these would be about somebody else. */
const OF_THE_CLIENT = /^(?:host|cookie)$/;
const HOP_HEADERS =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings)$/;
/** Who may read the API's answers is not for a Pod to say. */
const CORS_HEADERS = /^access-control-allow-(?:credentials|headers|methods|origin)$/;

export function forwardedHeaders(target: TunnelTarget, request: ApiRequest): OutgoingHttpHeaders {
  const { body } = request;
  const isAgent = target.extension === undefined && (target.proxied?.scheme ?? 'agent') === 'agent';
  const ofConnection = namedByConnection(request.headers['connection']);
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (CREDENTIALS.test(name) || HOP_HEADERS.test(name) || ofConnection.has(name)) continue;
    if (name === 'content-length' && body.kind !== 'stream') continue;
    if (!isAgent || !OF_THE_CLIENT.test(name)) headers[name] = value;
  }
  if (body.kind === 'bytes') headers['content-length'] = body.bytes.length;
  if (!isAgent) Object.assign(headers, viaHeaders(target, target.proxied?.prefix ?? '', request));
  if (target.extension) Object.assign(headers, extensionHeaders(target.extension));
  return headers;
}

/** Names and what else people are called by may be in any script: as Go sends them, bytes of UTF-8. */
function extensionHeaders({ serverName, identity }: ExtensionTarget): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { host: serverName };
  for (const [name, values] of Object.entries(identity))
    headers[name] = values.map((value) => Buffer.from(value).toString('latin1'));
  return headers;
}

function viaHeaders(
  { path }: TunnelTarget,
  prefix: string,
  { headers, peer }: ApiRequest,
): OutgoingHttpHeaders {
  const client = peer.kind === 'remote' ? [peer.address] : [];
  const before = headers['x-forwarded-for'];
  return {
    'x-forwarded-uri': prefix + path,
    'x-forwarded-for': [...(before === undefined ? [] : [before]), ...client].join(', '),
  };
}

function namedByConnection(value: string | undefined): ReadonlySet<string> {
  return new Set((value ?? '').split(',').map((name) => name.trim().toLowerCase()));
}

/** The answer of `target` to `request`, as the client gets it. */
export function toResponse(
  incoming: IncomingMessage,
  target: TunnelTarget,
  request: ApiRequest,
): WritableResponse {
  const ofConnection = namedByConnection(incoming.headers.connection);
  const headers: Record<string, string | string[]> = {};
  const isThroughProxy = target.proxied !== undefined || target.extension !== undefined;
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined || HOP_HEADERS.test(name) || ofConnection.has(name)) continue;
    if (!isThroughProxy || !CORS_HEADERS.test(name)) headers[name] = value;
  }
  const { location } = incoming.headers;
  if (target.proxied && location !== undefined) {
    headers['location'] = publicLocation(location, target, request);
  }
  const status = incoming.statusCode ?? 502;
  if (target.extension && location !== undefined && status >= 300 && status < 400) {
    incoming.destroy();
    return redirectRefused();
  }
  // Nobody will read what is not there, and its connection is to end.
  if (request.method === 'HEAD') incoming.resume();
  else if (target.proxied && status === 200 && isPage(incoming.headers))
    return publicPage(incoming, headers, (link) => publicLocation(link, target, request));
  if (status !== 204 && status !== 304)
    return { status, headers, body: { kind: 'stream', chunks: incoming } };
  incoming.resume();
  return { status, headers, body: { kind: 'none' } };
}

function publicPage(
  incoming: IncomingMessage,
  headers: Record<string, string | string[]>,
  toPublic: (link: string) => string,
): WritableResponse {
  const kept = Object.entries(headers).filter(([name]) => !PACKING_HEADERS.test(name));
  const chunks = withPublicLinks(incoming, toPublic);
  return { status: 200, headers: Object.fromEntries(kept), body: { kind: 'stream', chunks } };
}

/** Nobody is led elsewhere with what the API server says of them. @see upgradeaware.go RejectForwardingRedirects */
function redirectRefused(): WritableResponse {
  const bytes = Buffer.from('the backend attempted to redirect this request, which is not permitted');
  return {
    status: 502,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: { kind: 'bytes', bytes },
  };
}

const URL_PARTS = /^(?:[a-z][a-z0-9+.-]*:)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is;

/**
 * A place on the target itself, as the client reaches it; any other, and one relative to the page, is left as it is.
 *
 *     http://10.192.0.5:8080/login?x   →   /api/v1/namespaces/default/pods/web/proxy/login?x
 */
function publicLocation(location: string, target: TunnelTarget, { headers }: ApiRequest): string {
  const [, host = '', path = '', rest = ''] = URL_PARTS.exec(location) ?? [];
  const isElsewhere = host !== '' && !ownHosts(target).includes(host) && host !== headers['host'];
  if (isElsewhere || !path.startsWith('/')) return location;
  const { prefix } = target.proxied!;
  return path.startsWith(prefix) ? path + rest : prefix + path + rest;
}

/** How `target` may name itself: a port that goes without saying may be left out. */
function ownHosts(target: TunnelTarget): string[] {
  const usual = target.proxied?.scheme === 'http' ? 80 : 443;
  return [hostPort(target), ...(target.port === usual ? [bracketed(target.host)] : [])];
}
