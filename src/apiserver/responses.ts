/** Responses as values. JSON ends with a line feed, as upstream's encoder writes it. */

import type { ApiResponse, ListMeta } from '../api/message.ts';
import { formatYaml } from '../api/yaml.ts';
import type { Status, StatusDetails, StatusError } from '../base/status-error.ts';
import type { StoredObject } from '../store/store.ts';
import type { ApiObject } from './api-object.ts';
import type { Representation } from './representation.ts';

const encoder = new TextEncoder();

const JSON_HEADERS = { 'cache-control': 'no-cache, private', 'content-type': 'application/json' };

export function jsonHeaders(): Record<string, string> {
  return { ...JSON_HEADERS };
}

/** One value that is encoded only when somebody wants its bytes. */
export function valueResponse(
  status: number,
  value: unknown,
  { format, pretty }: Pick<Representation, 'format' | 'pretty'>,
): ApiResponse {
  if (format === 'yaml') {
    const headers = { ...JSON_HEADERS, 'content-type': 'application/yaml' };
    return {
      status,
      headers,
      body: { kind: 'object', value, bytes: () => encoder.encode(formatYaml(value)) },
    };
  }
  const indent = pretty ? 2 : undefined;
  const bytes = () => encoder.encode(`${JSON.stringify(value, null, indent)}\n`);
  return { status, headers: jsonHeaders(), body: { kind: 'object', value, bytes } };
}

const PLAIN_JSON = { format: 'json', pretty: false } as const;

export function jsonResponse(status: number, value: unknown): ApiResponse {
  return valueResponse(status, value, PLAIN_JSON);
}

/** A stored object with the bytes that were encoded at its commit. */
export function storedResponse(status: number, stored: StoredObject): ApiResponse {
  const body = { kind: 'object', value: stored.value, bytes: () => stored.bytes } as const;
  return { status, headers: jsonHeaders(), body };
}

export function errorResponse(error: StatusError): ApiResponse {
  const response = jsonResponse(error.code, error.toStatus());
  const seconds = error.details?.retryAfterSeconds;
  if (seconds !== undefined && seconds > 0) response.headers['retry-after'] = String(seconds);
  return response;
}

export function successStatus(code: number, details?: StatusDetails): ApiResponse {
  const status: Status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? {} : { details }),
  };
  return jsonResponse(code, code === 200 ? status : { ...status, code });
}

/** Committed bytes are copied together into pieces of this size, so that a long list is few writes. */
const CHUNK_BYTES = 256 * 1024;
const COMMA = 0x2c;
const LIST_END = encoder.encode(']}\n');

export interface ListContent {
  apiVersion: string;
  kind: string;
  metadata: ListMeta;
  objects: readonly StoredObject[];
}

export function listResponse({ apiVersion, kind, metadata, objects }: ListContent): ApiResponse {
  const head = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`;
  let items: readonly ApiObject[] | undefined;
  const value = {
    kind,
    apiVersion,
    metadata,
    /** Parsed on first use: a list that only goes over the network is never parsed. */
    get items(): readonly ApiObject[] {
      items ??= objects.map((object) => object.value as unknown as ApiObject);
      return items;
    },
  };
  return {
    status: 200,
    headers: jsonHeaders(),
    body: { kind: 'list', value, chunks: () => listChunks(encoder.encode(head), objects) },
  };
}

function* listChunks(head: Uint8Array, objects: readonly StoredObject[]): Generator<Uint8Array> {
  let chunk = new Uint8Array(CHUNK_BYTES);
  chunk.set(head);
  let length = head.length;
  for (const [index, { bytes }] of objects.entries()) {
    const needed = bytes.length + 1;
    if (length + needed > chunk.length) {
      yield chunk.subarray(0, length);
      chunk = new Uint8Array(Math.max(CHUNK_BYTES, needed));
      length = 0;
    }
    if (index > 0) chunk[length++] = COMMA;
    chunk.set(bytes, length);
    length += bytes.length;
  }
  if (length + LIST_END.length > chunk.length) {
    yield chunk.subarray(0, length);
    yield LIST_END;
    return;
  }
  chunk.set(LIST_END, length);
  yield chunk.subarray(0, length + LIST_END.length);
}

/** Adds to the `Warning` header per RFC 7234, one for each text; at most as many as fit in a head. */
export function withWarnings(response: ApiResponse, warnings: readonly string[]): ApiResponse {
  if (warnings.length === 0) return response;
  const texts = warnings.slice(0, 20).map((text) => `299 - ${JSON.stringify(text.slice(0, 256))}`);
  const { warning } = response.headers;
  response.headers['warning'] = [...(warning === undefined ? [] : [warning]), ...texts].join(', ');
  return response;
}
