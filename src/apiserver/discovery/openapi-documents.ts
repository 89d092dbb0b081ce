/**
 * `/openapi/v3`, its document of each group version, and `/openapi/v2`: what kubectl explains and validates with.
 *
 * Documents are large and asked for rarely: none is held encoded. A reference with the right `hash` may be kept for ever.
 */
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import { openApiPath, openApiV2, openApiV3, openApiV3Index } from '../../api/openapi.ts';
import type { ResourceRow } from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import type { ServedVersion } from '../aggregation/served-version.ts';
import { newUnknownPath } from '../errors.ts';
import { documentResponse, publish } from './published-document.ts';

/** As it is answered; clients write an `@` in it, which Go's own parser of media types refuses. @see kube-openapi, handler.go */
const PROTOBUF_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const encoder = new TextEncoder();
const ROOT = '/openapi/v3';
/** `api/v1` or `apis/GROUP/VERSION`. */
const GROUP_VERSION = /^(?:api|apis\/([^/]+))\/([^/]+)$/;

/** Undefined for paths outside `/openapi/`. @throws StatusError NotFound, NotAcceptable */
export function openApiResponse(
  request: ApiRequest,
  served: readonly ServedVersion[],
): ApiResponse | undefined {
  const path = request.path.replace(/\/$/, '');
  if (path !== '/openapi/v2' && path !== ROOT && !path.startsWith(`${ROOT}/`)) return undefined;
  const { accept } = request.headers;
  if (path === '/openapi/v2' && accept?.replace('@', '.').includes(PROTOBUF_V2))
    return protobufHeadResponse();
  if (!acceptsJson(accept)) throw newNotAcceptable();
  const custom = served.flatMap(({ rows }) => rows.filter((row) => row.custom !== undefined));
  if (path === '/openapi/v2') return documentResponse(request, publish(openApiV2(custom)));
  if (path === ROOT) return documentResponse(request, publish(indexOf(served, custom)));
  return groupVersionResponse(request, path.slice(ROOT.length + 1), custom);
}

/** With the documents of extension API servers, who are asked for them themselves. */
function indexOf(served: readonly ServedVersion[], custom: readonly ResourceRow[]): object {
  const paths = { ...openApiV3Index(custom).paths };
  for (const { group, version, extension } of served) {
    if (extension === undefined) continue;
    const path = openApiPath(group, version);
    delete paths[path];
    if (extension.openApiUrl !== undefined) paths[path] = { serverRelativeURL: extension.openApiUrl };
  }
  return { paths };
}

/**
 * The document's head alone, `{swagger: "2.0", info: {…}}`. kubectl asks for this form, and for no other, when a manifest's
 * kind is not in version 3: it skips what it does not find here, and then says that there is no such kind.
 */
function protobufHeadResponse(): ApiResponse {
  const text = (field: number, value: string) => [(field << 3) | 2, value.length, ...encoder.encode(value)];
  const info = [...text(1, 'Kubernetes'), ...text(2, 'v1')];
  const bytes = Uint8Array.from([...text(1, '2.0'), (2 << 3) | 2, info.length, ...info]);
  return { status: 200, headers: { 'content-type': PROTOBUF_V2 }, body: { kind: 'bytes', bytes } };
}

function groupVersionResponse(
  request: ApiRequest,
  place: string,
  custom: readonly ResourceRow[],
): ApiResponse {
  const match = GROUP_VERSION.exec(place);
  const document = match && openApiV3(match[1] ?? '', match[2]!, custom);
  if (!match || !document) throw newUnknownPath();
  const response = documentResponse(request, publish(document));
  const known = openApiV3Index(custom).paths[openApiPath(match[1] ?? '', match[2]!)]?.serverRelativeURL;
  if (known?.endsWith(`?hash=${request.query.get('hash')}`)) {
    response.headers['cache-control'] = 'public, immutable';
  }
  return response;
}

function acceptsJson(accept: string | undefined): boolean {
  if (!accept) return true;
  return accept
    .split(',')
    .some((range) => /^\s*(?:application\/json|application\/\*|\*\/\*)\s*(?:;|$)/.test(range));
}

function newNotAcceptable(): StatusError {
  const message = 'only the following media types are accepted: application/json';
  return new StatusError('NotAcceptable', message, { details: {} });
}
