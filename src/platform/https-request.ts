/**
 * From what Node parsed off the wire to an {@link ApiRequest}, with bounds on everything that a client may send.
 *
 * The path stays as received, percent-encoding and all: only the API server's own grammar interprets it.
 */
import type { IncomingHttpHeaders as Http1Headers } from 'node:http';
import type { IncomingHttpHeaders as Http2Headers } from 'node:http2';
import type { Readable } from 'node:stream';
import type { ApiRequest, Peer, RequestBody } from '../api/message.ts';
import { StatusError } from '../base/status-error.ts';

/** Source: k8s.io/apiserver/pkg/server/config.go, MaxRequestBodyBytes. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024;
/** A body must be complete by then. */
const BODY_TIMEOUT_MS = 60_000;

const METHODS: ReadonlySet<string> = new Set<ApiRequest['method']>([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/** Whether the API server knows `method` at all. */
export function isApiMethod(method: string | undefined): method is ApiRequest['method'] {
  return METHODS.has(method ?? '');
}

export interface RequestHead {
  method: ApiRequest['method'];
  /** Path and query, or a whole URL as proxies send it. */
  target: string;
  headers: Http1Headers | Http2Headers;
}

/** Puts the request together once its body is there. */
export function toApiRequest(head: RequestHead, body: RequestBody, peer: Peer): ApiRequest {
  const target = head.target.startsWith('/')
    ? head.target
    : head.target.replace(/^[a-z]+:\/\/[^/?]*(?=(.?))/i, (_, next) => (next === '/' ? '' : '/'));
  const queryAt = target.indexOf('?');
  const rawQuery = queryAt < 0 ? '' : target.slice(queryAt + 1);
  return {
    method: head.method,
    path: queryAt < 0 ? target : target.slice(0, queryAt),
    query: new URLSearchParams(rawQuery),
    rawQuery,
    headers: toPlainHeaders(head.headers),
    body,
    peer,
  };
}

/** HTTP/2's pseudo headers go, but for the authority, which is HTTP/1's `host`. */
function toPlainHeaders(headers: Http1Headers | Http2Headers): Record<string, string> {
  const plain: Record<string, string> = Object.create(null);
  for (const name in headers) {
    const value = headers[name];
    if (name.startsWith(':')) {
      if (name === ':authority') plain['host'] = String(value);
    } else if (value !== undefined) {
      plain[name] = typeof value === 'string' ? value : value.join(', ');
    }
  }
  return plain;
}

/**
 * Reads a body of at most {@link BODY_BYTES_MAX} bytes.
 * @throws StatusError RequestEntityTooLarge; BadRequest when the client stops half-way or takes too long
 */
export async function readBody(source: Readable, declaredLength: string | undefined): Promise<RequestBody> {
  if (declaredLength !== undefined && Number(declaredLength) > BODY_BYTES_MAX) throw newTooLarge();
  const bytes = await collect(source);
  return bytes.length === 0 ? { kind: 'none' } : { kind: 'bytes', bytes };
}

function collect(source: Readable): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      source.off('data', onData).off('end', onEnd).off('close', onClose);
      settle();
    };
    const fail = (error: StatusError) => finish(() => reject(error));
    const onData = (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > BODY_BYTES_MAX) fail(newTooLarge());
      else chunks.push(chunk);
    };
    const onEnd = () => finish(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    const onClose = () => fail(newBrokenBody('the connection was closed before the whole body arrived'));
    const timer = setTimeout(() => fail(newBrokenBody('the body took too long to arrive')), BODY_TIMEOUT_MS);
    source.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

function newTooLarge(): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${BODY_BYTES_MAX}`);
}

function newBrokenBody(what: string): StatusError {
  return new StatusError('BadRequest', `request body: ${what}`);
}
