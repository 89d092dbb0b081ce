import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest, TunnelTarget } from '../api/message.ts';
import { hasReason } from '../base/status-error.ts';
import { readChunks } from '../client/response-body.ts';
import { newExtensionReader } from './extension-reader.ts';

const TARGET = { scheme: 'https', host: '127.0.0.1', port: 1, path: '/' } as unknown as TunnelTarget;
const REQUEST = { method: 'GET', path: '/', headers: {}, body: { kind: 'none' } } as unknown as ApiRequest;

async function* breaking(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array([1]);
  throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}

test('newExtensionReader makes an operating error of an answer that breaks off', async () => {
  const body = { kind: 'stream', chunks: breaking() } as const;
  const reader = newExtensionReader({ forward: async () => ({ status: 200, headers: {}, body }) });
  const answer = await reader.forward(TARGET, REQUEST, new AbortController().signal);
  const chunks = readChunks(answer.body)[Symbol.asyncIterator]();
  deepEqual((await chunks.next()).value, new Uint8Array([1]));
  await rejects(chunks.next(), (error) => hasReason(error, 'ServiceUnavailable'));
});
