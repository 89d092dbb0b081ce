import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest, Peer } from '../../api/message.ts';
import { hasReason } from '../../base/status-error.ts';
import { crashAfter } from '../../simulation/sim-program.ts';
import { createPod, newTestNode, type TestNode } from '../kubelet.fixture.ts';
import { API_SERVER_CLIENT, newAgentApi } from './agent-api.ts';
import { exitStatus, parseClientMessage } from './exec-channels.ts';

const signal = new AbortController().signal;

function peer(commonName: string, trusted = true): Peer {
  const certificate = { commonName, organizations: [], trusted, notAfterMs: 0, fingerprint: '' };
  return { kind: 'remote', address: '127.0.0.1', certificate };
}

function get(path: string, from: Peer = peer(API_SERVER_CLIENT)): ApiRequest {
  const [bare = '', query = ''] = path.split('?');
  return {
    method: 'GET',
    path: bare,
    query: new URLSearchParams(query),
    headers: {},
    body: { kind: 'none' },
    peer: from,
  };
}

function apiOf(node: TestNode) {
  return newAgentApi({
    clock: node.clock,
    runtime: node.runtime,
    nodeName: 'node-1',
    pods: () => node.kubelet.pods(),
    allowedClients: [API_SERVER_CLIENT],
  });
}

async function text(node: TestNode, path: string): Promise<string> {
  const { body } = await apiOf(node).handle(get(path), signal);
  assert.ok(body.kind === 'stream');
  const decoder = new TextDecoder();
  let all = '';
  for await (const chunk of body.chunks) all += decoder.decode(chunk);
  return all;
}

test('newAgentApi answers health to everyone and the rest to the API server only', async () => {
  const node = await newTestNode({});
  const api = apiOf(node);
  assert.equal(
    (await api.handle(get('/healthz', { kind: 'remote', address: '', certificate: undefined }), signal))
      .status,
    200,
  );
  await assert.rejects(api.handle(get('/pods', peer('system:node:other')), signal), (error) =>
    hasReason(error, 'Forbidden'),
  );
  await assert.rejects(api.handle(get('/pods', peer(API_SERVER_CLIENT, false)), signal), (error) =>
    hasReason(error, 'Unauthorized'),
  );
  await assert.rejects(api.openStream(get('/exec/a/b/c', peer('x')), signal), (error) =>
    hasReason(error, 'Forbidden'),
  );
  assert.equal((await api.handle(get('/pods'), signal)).status, 200);
  await node.stop();
});

test('newAgentApi reads the logs of the running and of the previous instance', async () => {
  const log = [
    { afterMs: 10, line: 'one' },
    { afterMs: 20, line: 'two' },
  ];
  const node = await newTestNode({
    app: { preloaded: true, runs: [{ ...crashAfter(1000), log }, { log: [{ afterMs: 1, line: 'again' }] }] },
  });
  await createPod(node, { containers: [{}] });
  await node.clock.advance(3000);
  assert.equal(await text(node, '/containerLogs/default/web-1/web'), 'again\n');
  assert.equal(await text(node, '/containerLogs/default/web-1/web?previous=true&tailLines=1'), 'two\n');
  assert.equal(await text(node, '/containerLogs/default/web-1/web?previous=true&limitBytes=5'), 'one\nt');
  assert.match(
    await text(node, '/containerLogs/default/web-1/web?timestamps=true'),
    /^2026-01-01T\S+Z again\n$/,
  );
  const api = apiOf(node);
  await assert.rejects(api.handle(get('/containerLogs/default/none/web'), signal), (error) =>
    hasReason(error, 'NotFound'),
  );
  await assert.rejects(api.handle(get('/containerLogs/default/web-1/web?tailLines=x'), signal), (error) =>
    hasReason(error, 'BadRequest'),
  );
  await node.stop();
});

test('newAgentApi opens a command in a running container', async () => {
  const exec = () => ({ exitCode: 4, stdout: 'hi' });
  const node = await newTestNode({ app: { preloaded: true, runs: [{ exec }] } });
  await createPod(node, { containers: [{}] });
  await node.clock.advance(1000);
  const stream = await apiOf(node).openStream(
    get('/exec/default/web-1/web?command=ls&output=1&error=1'),
    signal,
  );
  assert.ok(stream.kind === 'command');
  assert.deepEqual(stream.options, { stdin: false, stdout: true, stderr: true, tty: false });
  const session = await stream.open(signal);
  await node.clock.advance(100);
  assert.equal(await session.exited, 4);
  const absent = apiOf(node).openStream(get('/exec/default/web-1/none?command=ls&output=1'), signal);
  await assert.rejects(absent, (error) => hasReason(error, 'NotFound'));
  await node.stop();
});

test('parseClientMessage understands input, sizes and the closing of input, and nothing else', () => {
  const message = (channel: number, body: string) =>
    parseClientMessage(Buffer.concat([Buffer.from([channel]), Buffer.from(body)]));
  assert.equal(message(0, 'x').is, 'stdin');
  assert.deepEqual(message(4, '{"Width":80,"Height":24}'), { is: 'resize', columns: 80, rows: 24 });
  assert.equal(message(4, '{"Width":0}').is, 'unknown');
  assert.equal(message(255, '\0').is, 'stdinClosed');
  assert.equal(parseClientMessage(new Uint8Array()).is, 'unknown');
  assert.deepEqual(exitStatus(0), { metadata: {}, status: 'Success' });
});
