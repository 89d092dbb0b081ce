/** HTTP/2 requests with as little work of the client's own as can be: it shares two cores with the server that it measures. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { LoadTarget } from './task.ts';

const WINDOW_BYTES = 16 * 1024 * 1024;

export async function openSessions(target: LoadTarget, count: number): Promise<ClientHttp2Session[]> {
  return Promise.all(Array.from({ length: count }, () => openSession(target)));
}

async function openSession({ url, serverCa, cert, key }: LoadTarget): Promise<ClientHttp2Session> {
  const session = connect(url, {
    ca: serverCa,
    cert,
    key,
    settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
  });
  await once(session, 'connect');
  session.setLocalWindowSize(4 * WINDOW_BYTES);
  return session;
}

export interface LoadRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  path: string;
  body?: Buffer;
  /** Of the body; JSON where it is absent. */
  contentType?: string;
  /** JSON where it is absent. */
  accept?: string | undefined;
}

export function open(
  session: ClientHttp2Session,
  { method, path, body, accept, contentType = 'application/json' }: LoadRequest,
): ClientHttp2Stream {
  const stream = session.request(
    {
      ':method': method,
      ':path': path,
      accept: accept ?? 'application/json',
      ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': body.length }),
    },
    { endStream: body === undefined },
  );
  if (body !== undefined) stream.end(body);
  return stream;
}

/** Resolves with the size of the whole answer; rejects unless its status is 2xx. */
export function ask(session: ClientHttp2Session, request: LoadRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = open(session, request);
    let status = 0;
    let sizeBytes = 0;
    let failure = '';
    stream.on('response', (headers) => {
      status = Number(headers[':status']);
    });
    stream.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (status >= 300) failure += chunk.toString();
    });
    stream.on('error', reject);
    stream.on('end', () => {
      if (status >= 200 && status < 300) resolve(sizeBytes);
      else reject(new Error(`${request.method} ${request.path}: ${status} ${failure}`));
    });
  });
}

/** Sends `count` requests from `clients` loops over `sessions`; resolves with each one's duration. */
export async function askMany(
  sessions: readonly ClientHttp2Session[],
  { clients, count }: { clients: number; count: number },
  toRequest: (index: number) => LoadRequest,
): Promise<number[]> {
  const latencies: number[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const session = sessions[client % sessions.length];
      assert(session !== undefined);
      for (let index = next++; index < count; index = next++) {
        const request = toRequest(index);
        const began = performance.now();
        await ask(session, request);
        latencies.push(performance.now() - began);
      }
    }),
  );
  return latencies;
}
