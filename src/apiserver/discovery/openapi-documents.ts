/**
 * `/openapi/v3`, its document of each group version, and `/openapi/v2`: what kubectl explains and validates with, in JSON
 * and in gnostic's protobuf.
 *
 * Documents are large and asked for rarely: of version 3 none is held encoded. Version 2 is held while nothing changes, since
 * clients that still ask for it take it whole. A reference with the right `hash` may be kept for ever.
 *
 * @see k8s.io/kube-openapi/pkg/handler/handler.go, pkg/handler3/handler.go
 */
import type { JsonObject } from '../../api/json.ts';
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import { openApiPath, openApiV2, openApiV3, openApiV3Index } from '../../api/openapi.ts';
import { mergePart } from '../../api/openapi-merge.ts';
import { encodeOpenApi } from '../../api/openapi-protobuf/encode.ts';
import type { ResourceRow } from '../../api/resources.ts';
import type { Clock } from '../../base/clock.ts';
import { StatusError } from '../../base/status-error.ts';
import type { ServedVersion } from '../aggregation/served-version.ts';
import { newUnknownPath } from '../errors.ts';
import { parseAccept } from '../representation.ts';
import { documentResponse, type OtherForm, type PublishedDocument, publish } from './published-document.ts';

type Version = 'v2' | 'v3';

const JSON_TYPE = 'application/json';
/** As it is answered; clients write an `@` in it, which Go's own parser of media types refuses. */
const PROTOBUF_TYPES: Readonly<Record<Version, string>> = {
  v2: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  v3: 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf',
};
const V2 = '/openapi/v2';
const ROOT = '/openapi/v3';
/** `api/v1` or `apis/GROUP/VERSION`. */
const GROUP_VERSION = /^(?:api|apis\/([^/]+))\/([^/]+)$/;

const YEAR_MS = 365 * 24 * 3600 * 1000;

export class OpenApiDocuments {
  readonly #clock: Pick<Clock, 'now'>;
  #served: readonly ServedVersion[] = [];
  #version2: PublishedDocument | undefined;
  #version2Message: Uint8Array | undefined;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Undefined for paths outside `/openapi/`. @throws StatusError NotFound, NotAcceptable */
  respond(request: ApiRequest, served: readonly ServedVersion[]): ApiResponse | undefined {
    const path = request.path.replace(/\/$/, '');
    if (path !== V2 && path !== ROOT && !path.startsWith(`${ROOT}/`)) return undefined;
    this.#follow(served);
    const { accept } = request.headers;
    const custom = customRowsOf(served);
    if (path === ROOT) {
      return documentResponse(request, publish(indexOf(served, custom)));
    }
    if (path === V2) return this.#version2Response(request, negotiate(accept, 'v2'));
    return groupVersionResponse(request, path.slice(ROOT.length + 1), custom, this.#clock.now());
  }

  #follow(served: readonly ServedVersion[]): void {
    if (served === this.#served) return;
    this.#served = served;
    this.#version2 = undefined;
    this.#version2Message = undefined;
  }

  #version2Response(request: ApiRequest, type: string): ApiResponse {
    this.#version2 ??= publish(version2Of(this.#served));
    const document = this.#version2;
    if (type === JSON_TYPE) return documentResponse(request, document);
    const bytes = () => {
      this.#version2Message ??= encodeOpenApi(document.value as JsonObject, 'v2');
      return this.#version2Message;
    };
    return documentResponse(request, document, { contentType: type, bytes });
  }
}

function customRowsOf(served: readonly ServedVersion[]): ResourceRow[] {
  return served.flatMap(({ rows }) => rows.filter((row) => row.custom !== undefined));
}

/** With the schemas of extension API servers, as they last told them. */
function version2Of(served: readonly ServedVersion[]): JsonObject {
  const parts = served.flatMap(({ extension }) => extension?.schemas ?? []);
  return parts.reduce(mergePart, openApiV2(customRowsOf(served)));
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

function groupVersionResponse(
  request: ApiRequest,
  place: string,
  custom: readonly ResourceRow[],
  nowMs: number,
): ApiResponse {
  const type = negotiate(request.headers['accept'], 'v3');
  const match = GROUP_VERSION.exec(place);
  const document = match && openApiV3(match[1] ?? '', match[2]!, custom);
  if (!match || !document) throw newUnknownPath();
  const response = documentResponse(request, publish(document), formOf(type, document));
  const hash = request.query.get('hash');
  if (!hash) return response;
  const { serverRelativeURL: url } = openApiV3Index(custom).paths[openApiPath(match[1] ?? '', match[2]!)]!;
  if (!url.endsWith(`?hash=${hash}`)) return movedTo(url);
  response.headers['cache-control'] = 'public, immutable';
  // Without it a client's cache asks again each time.
  response.headers['expires'] = new Date(nowMs + YEAR_MS).toUTCString();
  return response;
}

/** Whoever holds an older index is told where the document is now, so that nothing is kept under a wrong name. */
function movedTo(url: string): ApiResponse {
  return { status: 301, headers: { location: url, vary: 'Accept' }, body: { kind: 'none' } };
}

function formOf(type: string, document: JsonObject): OtherForm {
  if (type === JSON_TYPE) return { contentType: JSON_TYPE };
  return { contentType: type, bytes: () => encodeOpenApi(document, 'v3') };
}

/** The media type to answer in. @throws StatusError NotAcceptable */
function negotiate(accept: string | undefined, version: Version): string {
  const types = [JSON_TYPE, PROTOBUF_TYPES[version]];
  for (const range of parseAccept(accept || '*/*')) {
    const wanted = range.type.replace('@', '.');
    if (wanted === '*/*' || wanted === 'application/*') return JSON_TYPE;
    if (types.includes(wanted)) return wanted;
  }
  const message = `only the following media types are accepted: ${types.join(', ')}`;
  throw new StatusError('NotAcceptable', message, { details: {} });
}
