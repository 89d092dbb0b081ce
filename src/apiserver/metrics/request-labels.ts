/**
 * By what requests are told apart in metrics, in upstream's words. They are bounded by the table of kinds, not by what is
 * asked for.
 *
 * @see k8s.io/apiserver/pkg/endpoints/metrics/metrics.go CanonicalVerb, CleanVerb, CleanScope; endpoints/installer.go
 */
import type { ApiRequest } from '../../api/message.ts';
import { APPLY_TYPE } from '../patching.ts';
import type { RequestInfo } from '../route.ts';

export interface RequestLabels {
  verb: string;
  dry_run: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  scope: string;
}

type AskedFor = Pick<ApiRequest, 'method' | 'headers' | 'query'>;

const CONNECTING = new Set(['log', 'exec', 'portforward', 'attach', 'proxy']);
const METHODS: Partial<Record<ApiRequest['method'], string>> = {
  GET: 'GET',
  HEAD: 'GET',
  POST: 'POST',
  PUT: 'PUT',
  DELETE: 'DELETE',
};

export function reportedVerb(info: RequestInfo, { method, headers }: Omit<AskedFor, 'query'>): string {
  if (CONNECTING.has(info.subresource)) return 'CONNECT';
  if (info.verb === 'watch') return 'WATCH';
  if (info.verb === 'list') return 'LIST';
  if (method === 'PATCH') return headers['content-type'] === APPLY_TYPE ? 'APPLY' : 'PATCH';
  return METHODS[method] ?? 'other';
}

/** Of the route: a selector for one name makes no difference. */
export function routeScope({ verb, name, namespace, path }: RequestInfo): string {
  const isCollection = verb === 'list' || verb === 'deletecollection' || verb === 'watch';
  if (!isCollection || (name !== '' && path.includes('/watch/'))) return 'resource';
  return namespace === '' ? 'cluster' : 'namespace';
}

/** Of a request before it is routed, and of what lasts. */
export function requestScope({ isResourceRequest, verb, name, namespace }: RequestInfo): string {
  if (name !== '' || verb === 'create') return 'resource';
  if (namespace !== '') return 'namespace';
  return isResourceRequest ? 'cluster' : '';
}

export function dryRunLabel({ method, query }: Omit<AskedFor, 'headers'>): string {
  if (method === 'GET' || !query.has('dryRun')) return '';
  return query.getAll('dryRun').every((value) => value === 'All') ? 'All' : 'invalid';
}
