/**
 * A JSON document that changes rarely: encoded once, with an entity tag of its contents, so that a client that has it
 * already is told `304`.
 */
import type { ApiRequest, ApiResponse } from '../../api/message.ts';
import { formatOfStatus } from '../representation.ts';
import { valueResponse } from '../responses.ts';

export interface PublishedDocument {
  readonly value: unknown;
  readonly bytes: Uint8Array;
  /** With its quotes. */
  readonly etag: string;
}

const encoder = new TextEncoder();

export function publish(value: unknown): PublishedDocument {
  const bytes = encoder.encode(`${JSON.stringify(value)}\n`);
  return { value, bytes, etag: `"${contentHash(bytes)}"` };
}

/** How else than in JSON a document is sent. The tag stays that of the JSON: it counts for one `Accept` only. */
export interface OtherForm {
  contentType: string;
  bytes?: () => Uint8Array;
}

/** The document, or 304 for a request whose `if-none-match` names it. */
export function documentResponse(
  request: Pick<ApiRequest, 'headers'>,
  { value, bytes, etag }: PublishedDocument,
  form: OtherForm = { contentType: 'application/json' },
): ApiResponse {
  const headers = { etag, vary: 'Accept', 'cache-control': 'public' };
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag)) return { status: 304, headers, body: { kind: 'none' } };
  return {
    status: 200,
    headers: { ...headers, 'content-type': form.contentType },
    body: { kind: 'object', value, bytes: form.bytes ?? (() => bytes) },
  };
}

/** As {@link documentResponse}, for a document of a kind of `meta/v1`: also in protobuf, without a tag. */
export function metaResponse(request: Pick<ApiRequest, 'headers'>, document: PublishedDocument): ApiResponse {
  if (formatOfStatus(request) !== 'protobuf') return documentResponse(request, document);
  const value = { ...(document.value as object), apiVersion: 'v1' };
  const response = valueResponse(200, value, { format: 'protobuf', pretty: false });
  response.headers['vary'] = 'Accept';
  return response;
}

/** FNV-1a twice over, with different starts: 64 bits that tell versions of one document apart; not for secrets. */
export function contentHash(bytes: Uint8Array): string {
  let low = 0x811c9dc5;
  let high = 0xc9dc5811;
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte ^ (low >>> 24), 0x01000193);
  }
  const hex = (word: number) => (word >>> 0).toString(16).toUpperCase().padStart(8, '0');
  return hex(high) + hex(low);
}
