import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as sendHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { WebSocket, WebSocketServer } from 'ws';
import type { ApiRequest, ApiResponse, TunnelTarget } from '../api/message.ts';
import { silentLogger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import { type HttpsServerOptions, newHttpsServer } from './https-server.ts';
import { openPki } from './pki.ts';
import { systemClock } from './system-clock.ts';
import { newTunnel } from './tunnel.ts';

const root = await mkdtemp(join(tmpdir(), 'kintsugi-tunnel-'));
const pki = await openPki(systemClock, silentLogger, { directory: root, serverHosts: [] });
const cleanups: (() => Promise<unknown>)[] = [() => rm(root, { recursive: true })];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function listen(options: Partial<HttpsServerOptions> & Pick<HttpsServerOptions, 'handle' | 'tls'>) {
  const server = newHttpsServer(silentLogger, { host: '127.0.0.1', port: 0, ...options });
  cleanups.push(() => server.close(0));
  return (await server.listen()).port;
}

const seen: ApiRequest[] = [];
const sockets = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) => [...offered].at(-1) ?? false,
});

/** An agent: streams logs, echoes WebSockets, refuses every other upgrade. */
async function startAgent(): Promise<number> {
  const { server } = await pki.node('n1', []);
  async function* lines(): AsyncIterable<Uint8Array> {
    yield Buffer.from('first\n');
    yield Buffer.from('second\n');
  }
  return listen({
    tls: server,
    handle: async (request): Promise<ApiResponse> => {
      seen.push(request);
      if (request.path === '/refuse') throw new StatusError('Forbidden', 'no');
      return {
        status: 200,
        headers: { 'content-type': 'text/plain' },
        body: { kind: 'stream', chunks: lines() },
      };
    },
    onUpgrade: (request, { message, socket, head }) => {
      seen.push(request);
      if (request.path === '/refuse') {
        socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nx-why: agent\r\n\r\nno');
        return;
      }
      sockets.handleUpgrade(message, socket, head, (client) =>
        client.on('message', (data) => client.send(data)),
      );
    },
  });
}

const agentPort = await startAgent();

/** What the API server was told of. */
const answered: [string, number][] = [];
let lastAuditId: string | string[] | undefined;

/** The API server: sends `/PATH` to the agent's `/PATH`. */
const apiPort = await listen({
  tls: pki.server(),
  tunnel: newTunnel({ agents: () => pki.kubeletClient() }),
  handle: async ({ path, query }): Promise<ApiResponse> => {
    if (path === '/denied') throw new StatusError('Forbidden', 'not you');
    const port = path === '/nobody' ? 1 : agentPort;
    const host = '127.0.0.1';
    const target: TunnelTarget = { host, port, path, query: query.toString(), description: 'node "n1"' };
    const onAnswered = (status: number) => answered.push([path, status]);
    return { status: 200, headers: { 'audit-id': 'a1' }, body: { kind: 'tunnel', target, onAnswered } };
  },
});

const { key, cert, serverCa } = pki.admin();
const tls = { key, cert, ca: serverCa };

function get(path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: apiPort, path, agent: false, headers, ...tls };
    const outgoing = sendHttps(options, (incoming) => {
      lastAuditId = incoming.headers['audit-id'];
      let body = '';
      incoming.on('data', (chunk) => {
        body += chunk;
      });
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test('newTunnel streams an answer, and shows the agent the server instead of the client', async () => {
  const secret = { authorization: 'Bearer secret', 'impersonate-user': 'root', 'x-custom': 'kept' };
  assert.deepEqual(await get('/logs?follow=true', secret), { status: 200, body: 'first\nsecond\n' });
  const { headers, peer, query } = seen.at(-1)!;
  assert.equal(query.get('follow'), 'true');
  assert.equal(headers['x-custom'], 'kept');
  assert.ok(!('authorization' in headers) && !('impersonate-user' in headers));
  assert.ok(peer.kind === 'remote' && peer.certificate?.trusted);
  assert.equal(peer.certificate.commonName, 'kube-apiserver-kubelet-client');
});

test('newHttpsServer adds its own headers to what comes through a tunnel, and is told what came', async () => {
  answered.length = 0;
  for (const path of ['/logs', '/refuse', '/nobody']) {
    await get(path);
    assert.equal(lastAuditId, 'a1', path);
  }
  assert.deepEqual(answered, [
    ['/logs', 200],
    ['/refuse', 403],
    ['/nobody', 500],
  ]);
});

test('newTunnel passes the agent refusal on', async () => {
  const { status, body } = await get('/refuse');
  assert.equal(status, 403);
  assert.equal(JSON.parse(body).message, 'no');
});

test('newTunnel says that an agent cannot be reached', async () => {
  const { status, body } = await get('/nobody');
  assert.equal(status, 500);
  assert.equal(
    JSON.parse(body).message,
    'error dialing backend: dial tcp 127.0.0.1:1: connect: connection refused (node "n1")',
  );
});

test('newTunnel joins WebSockets, the chosen protocol and large messages included', async () => {
  const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
  const client = new WebSocket(`wss://127.0.0.1:${apiPort}/exec?command=ls`, protocols, tls);
  await once(client, 'open');
  assert.equal(client.protocol, 'v4.channel.k8s.io');
  const large = Buffer.alloc(3_000_000, 'x');
  client.send(large);
  const [echoed] = await once(client, 'message');
  assert.deepEqual(echoed, large);
  client.close();
  await once(client, 'close');
});

async function openRaw(text: string): Promise<Duplex> {
  const socket = connectTls({ host: '127.0.0.1', port: apiPort, ...tls });
  await once(socket, 'secureConnect');
  socket.write(text);
  return socket;
}

async function readAll(socket: Duplex): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

const UPGRADE = 'Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

test('newTunnel lets nothing through behind a refused upgrade', async () => {
  const before = seen.length;
  const socket = await openRaw(`GET /refuse HTTP/1.1\r\n${UPGRADE}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`);
  const text = await readAll(socket);
  assert.match(text, /^HTTP\/1\.1 403 /);
  assert.match(text, /x-why: agent/);
  assert.match(text, /connection: close/);
  assert.deepEqual(
    seen.slice(before).map(({ path }) => path),
    ['/refuse'],
  );
});

test('newTunnel answers an upgrade that is not allowed, or leads nowhere, and closes', async () => {
  for (const [path, status] of [
    ['/denied', 403],
    ['/nobody', 500],
  ] as const) {
    const text = await readAll(await openRaw(`GET ${path} HTTP/1.1\r\n${UPGRADE}`));
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(text, /"kind":"Status"/);
  }
});
