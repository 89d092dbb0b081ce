/**
 * Kubernetes' path grammar: from a request line to what is asked of which resource. The one parse that authorization and
 * dispatch share, so the two can never disagree about a path.
 *
 *     /api/v1/namespaces/{namespace}/{resource}/{name}/{subresource}
 *     /apis/{group}/{version}/watch/{resource}          (deprecated form of ?watch=true)
 *
 * @see k8s.io/apiserver/pkg/endpoints/request/requestinfo.go
 */

import type { ApiRequest } from '../api/message.ts';
import { parseFieldSelector } from '../api/selectors.ts';
import { ownValue } from '../base/own-value.ts';
import { newUnknownPath } from './errors.ts';

export type RequestVerb =
  | 'create'
  | 'get'
  | 'list'
  | 'watch'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection';

export interface RequestInfo {
  isResourceRequest: boolean;
  /** Of a resource request one of {@link RequestVerb}; else the HTTP method in lower case, as upstream's rules name it. */
  verb: string;
  path: string;
  group: string;
  version: string;
  /** `''` for a cluster-scoped request or one across all namespaces. */
  namespace: string;
  resource: string;
  subresource: string;
  name: string;
  /** Of a `proxy` subresource what follows it, as received: `''`, `/`, `/a%2Fb/..`. */
  proxiedPath?: string;
}

const VERBS: Record<ApiRequest['method'], string> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
  OPTIONS: '',
};

/** Subresources of a Namespace itself; any other third step is a resource inside it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);
const ROOT_LENGTH: Readonly<Record<string, number>> = { api: 2, apis: 3 };

type RequestLine = Pick<ApiRequest, 'method' | 'path' | 'query'>;

/** The part of a path that this server interprets, where the rest belongs to what stands behind an object. */
const PROXY_PATH = /^\/api\/v1\/(?:namespaces\/[^/]+\/(?:pods|services)|nodes)\/[^/]+\/proxy(?=\/|$)/;

/** Whether a request's body is for somebody else to read. */
export function isProxyPath(path: string): boolean {
  return path.includes('/proxy') && PROXY_PATH.test(path);
}

/** @throws StatusError NotFound for a path that no server may interpret: `..`, `//`, an encoded slash */
export function parseRequest(request: RequestLine): RequestInfo {
  const own = request.path.includes('/proxy') ? PROXY_PATH.exec(request.path)?.[0] : undefined;
  if (own === undefined) return parseSteps(request, splitPath(request.path));
  return { ...parseSteps(request, splitPath(own)), proxiedPath: request.path.slice(own.length) };
}

function parseSteps(request: RequestLine, steps: string[]): RequestInfo {
  const rootLength = ownValue(ROOT_LENGTH, steps[0] ?? '');
  if (rootLength === undefined || steps.length <= rootLength) return nonResource(request);
  const info = newInfo(request, steps, rootLength);
  const rest = takeNamespace(info, takeVerb(info, request, steps.slice(rootLength)));
  info.resource = rest[0] ?? '';
  info.name = rest[1] ?? '';
  info.subresource = rest[2] ?? '';
  if (info.name === '') refineCollectionVerb(info, request.query);
  return info;
}

function newInfo(
  request: Pick<ApiRequest, 'path'>,
  steps: readonly string[],
  rootLength: number,
): RequestInfo {
  return {
    isResourceRequest: true,
    verb: '',
    path: request.path,
    group: rootLength === 3 ? steps[1]! : '',
    version: steps[rootLength - 1]!,
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
  };
}

function nonResource(request: Pick<ApiRequest, 'method' | 'path'>): RequestInfo {
  const info = newInfo(request, ['', '', ''], 2);
  return { ...info, isResourceRequest: false, version: '', verb: request.method.toLowerCase() };
}

function takeVerb(info: RequestInfo, request: Pick<ApiRequest, 'method'>, steps: string[]): string[] {
  if (steps[0] === 'watch' && steps.length > 1) {
    info.verb = 'watch';
    return steps.slice(1);
  }
  info.verb = VERBS[request.method];
  return steps;
}

function takeNamespace(info: RequestInfo, steps: string[]): string[] {
  if (steps[0] !== 'namespaces' || steps.length < 2) return steps;
  info.namespace = steps[1]!;
  return steps.length > 2 && !NAMESPACE_SUBRESOURCES.has(steps[2]!) ? steps.slice(2) : steps;
}

/** A request without a name is about the collection; a selector for one name counts as that name for authorization. */
function refineCollectionVerb(info: RequestInfo, query: URLSearchParams): void {
  if (info.verb === 'get') info.verb = isTrue(query.get('watch')) ? 'watch' : 'list';
  if (info.verb === 'delete') info.verb = 'deletecollection';
  if (info.verb !== 'list' && info.verb !== 'watch') return;
  const selector = query.get('fieldSelector');
  if (selector === null || !selector.includes('metadata.name')) return;
  const term = parseFieldSelector(selector).find(({ field, equal }) => field === 'metadata.name' && equal);
  if (term !== undefined && isPathSegmentName(term.value)) info.name = term.value;
}

export function isTrue(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0' && value !== 'False';
}

/** What can stand as one step of a path. @see k8s.io/apimachinery/pkg/api/validation/path/name.go */
export function isPathSegmentName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/%]/.test(name);
}

function splitPath(path: string): string[] {
  const steps = path.split('/').slice(1);
  if (steps.at(-1) === '') steps.pop();
  return steps.map((step) => {
    const decoded = step.includes('%') ? decodeStep(step) : step;
    // A resource path has no such steps; other paths (a proxied one) are never interpreted here.
    if (decoded === '' || decoded === '.' || decoded === '..' || /[/\0]/.test(decoded))
      throw newUnknownPath();
    return decoded;
  });
}

function decodeStep(step: string): string {
  if (!/^(?:[^%]|%[0-9a-fA-F]{2})*$/.test(step)) throw newUnknownPath();
  const bytes: number[] = [];
  for (const part of step.match(/%..|[^%]/gsu) ?? []) {
    if (part.startsWith('%')) bytes.push(Number.parseInt(part.slice(1), 16));
    else bytes.push(...new TextEncoder().encode(part));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
