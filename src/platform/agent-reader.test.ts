import { deepEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { newAgentReader } from './agent-reader.ts';
import type { WritableResponse } from './https-response.ts';

const AGENT = { host: '192.0.2.1', port: 10250, description: 'node "n1"' };
const { signal } = new AbortController();

function readerOf(status: number, ...chunks: string[]) {
  const asked: string[] = [];
  const body = async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk);
  };
  const reader = newAgentReader({
    async forward({ host, port, path }): Promise<WritableResponse> {
      asked.push(`${host}:${port}${path}`);
      return { status, headers: {}, body: { kind: 'stream', chunks: body() } };
    },
  });
  return { asked, read: () => reader.readJson(AGENT, '/stats/summary', signal) };
}

test('newAgentReader reads JSON, in whatever pieces it comes', async () => {
  const { asked, read } = readerOf(200, '{"node":', '{}}');
  deepEqual(await read(), { node: {} });
  deepEqual(asked, ['192.0.2.1:10250/stats/summary']);
});

test('newAgentReader takes nothing but JSON of a sane size', async () => {
  await rejects(readerOf(200, 'oops').read(), /the answer of node "n1" cannot be used: it is no JSON/);
  await rejects(readerOf(403, '{}').read(), /status 403/);
  const megabytes = Array.from({ length: 17 }, () => ' '.repeat(1024 * 1024));
  await rejects(readerOf(200, ...megabytes).read(), /it is too long/);
});
