/** Asks extension API servers on behalf of this process, over the way that everybody's requests to them take. */
import type { ApiRequest, Peer, TunnelTarget } from '../api/message.ts';
import { ExtensionReadError, type ExtensionReader } from '../apiserver/aggregation/extension-reader.ts';
import { StatusError } from '../base/status-error.ts';
import { connectionProblem } from './connection-problem.ts';
import type { WritableResponse } from './https-response.ts';
import type { Tunnel } from './tunnel.ts';

export function newExtensionReader(tunnel: Pick<Tunnel, 'forward'>): ExtensionReader {
  return {
    async read(target, { accept, answerBytesMax }, signal) {
      try {
        const { status, headers, body } = await tunnel.forward(target, newGet(target, accept), signal);
        const contentType = String(headers['content-type'] ?? '');
        return { status, contentType, body: await readWhole(body, answerBytesMax) };
      } catch (error) {
        signal.throwIfAborted();
        throw new ExtensionReadError(problemOf(error, target), { cause: error });
      }
    },
    async forward(target, request, signal) {
      const { status, headers, body } = await tunnel.forward(target, withBytes(request), signal);
      const contentType = { 'content-type': String(headers['content-type'] ?? '') };
      if (body.kind !== 'stream') return { status, headers: contentType, body };
      const chunks = readable(body.chunks, target, signal);
      return { status, headers: contentType, body: { kind: 'stream', chunks } };
    },
  };
}

/** An answer that breaks off, as a watch does whose server dies, is an operating error of whoever reads it. */
async function* readable(
  chunks: AsyncIterable<Uint8Array>,
  target: TunnelTarget,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (cause) {
    signal.throwIfAborted();
    const problem = connectionProblem(cause, target);
    throw new StatusError('ServiceUnavailable', `the answer broke off: ${problem}`, { cause });
  }
}

function problemOf(error: unknown, target: TunnelTarget): string {
  return connectionProblem(error instanceof StatusError ? (error.cause ?? error) : error, target);
}

function newGet({ path }: TunnelTarget, accept: string): ApiRequest {
  const peer: Peer = { kind: 'internal', user: { username: 'kube-apiserver', groups: [] } };
  const headers = { accept, 'user-agent': 'kube-aggregator' };
  return { method: 'GET', path, query: new URLSearchParams(), headers, body: { kind: 'none' }, peer };
}

/** What is a value within the process crosses as JSON. */
function withBytes(request: ApiRequest): ApiRequest {
  const { body } = request;
  if (body.kind !== 'object') return request;
  return { ...request, body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(body.value)) } };
}

/** Undefined for more than `bytesMax`: what follows is not read. */
async function readWhole(body: WritableResponse['body'], bytesMax: number): Promise<Uint8Array | undefined> {
  if (body.kind !== 'stream') return body.kind === 'bytes' ? body.bytes : new Uint8Array();
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body.chunks) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
