/** What stands behind a `proxy` subresource, through the server's listener and its tunnel: bodies, headers, places, upgrades. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { createServer as createTlsServer, request as sendHttps } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { WebSocket, WebSocketServer } from 'ws';
import type { ApiResponse, ProxiedTarget } from '../api/message.ts';
import { silentLogger } from '../base/logger.ts';
import { newHttpsServer } from './https-server.ts';
import { openPki } from './pki.ts';
import { systemClock } from './system-clock.ts';
import { newTunnel } from './tunnel.ts';

const root = await mkdtemp(join(tmpdir(), 'kintsugi-proxied-'));
const pki = await openPki(systemClock, silentLogger, { directory: root, serverHosts: [] });
const cleanups: (() => unknown)[] = [() => rm(root, { recursive: true })];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const seen: { method: string; url: string; headers: IncomingHttpHeaders }[] = [];
let onUpload: (message: IncomingMessage, response: ServerResponse) => unknown = () => {};

/** The application in a Pod. */
function answer(message: IncomingMessage, response: ServerResponse): unknown {
  const { method = '', url = '', headers } = message;
  seen.push({ method, url, headers });
  if (url === '/upload') return onUpload(message, response);
  if (url === '/none') return response.writeHead(204).end();
  if (url === '/break') return response.write('half', () => response.destroy());
  if (url === '/page') {
    const page = gzipSync('<a href="/login">in</a><a href="https://example.com/">out</a>');
    const head = { 'content-type': 'text/html', 'content-encoding': 'gzip', 'content-length': page.length };
    return response.writeHead(200, head).end(page);
  }
  const location = headers['x-location']?.toString();
  if (location !== undefined) return response.writeHead(302, { location }).end();
  response.writeHead(200, {
    'content-type': 'text/plain',
    'set-cookie': ['a=1', 'b=2'],
    'access-control-allow-origin': '*',
    'x-kept': 'yes',
    'x-private': 'hop',
    connection: 'close, x-private',
  });
  return response.end(`${method} ${url}`);
}

const application = createServer(answer);
const sockets = new WebSocketServer({ server: application });
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
const plainPort = await listen(application);
const { key, cert, serverCa } = pki.admin();
/** With a certificate that nothing of the cluster vouches for. */
const stranger = (await pki.node('n1', [])).server;
const tlsPort = await listen(createTlsServer({ key: stranger.key, cert: stranger.cert }, answer));
const PREFIX = '/api/v1/namespaces/default/pods/web/proxy';

const server = newHttpsServer(silentLogger, {
  host: '127.0.0.1',
  port: 0,
  tls: pki.server(),
  tunnel: newTunnel({ agents: () => pki.kubeletClient() }),
  isStreamed: (path) => path.startsWith('/api/'),
  handle: async ({ path, rawQuery, headers }): Promise<ApiResponse> => {
    const scheme = (headers['x-scheme'] ?? 'http') as ProxiedTarget['scheme'];
    const ports = { http: plainPort, https: tlsPort, agent: 1 };
    const where = { host: '127.0.0.1', port: headers['x-nobody'] ? 1 : ports[scheme] };
    const target = {
      ...where,
      path: path.slice(PREFIX.length),
      query: rawQuery ?? '',
      description: 'pod "web"',
    };
    return {
      status: 200,
      headers: {},
      body: { kind: 'tunnel', target: { ...target, proxied: { scheme, prefix: PREFIX } } },
    };
  },
});
const { port } = await server.listen();
cleanups.push(() => server.close(0));
const tls = { key, cert, ca: serverCa };

interface Sent {
  method?: string;
  headers?: Record<string, string>;
}

function open(path: string, { method = 'GET', headers = {} }: Sent = {}) {
  const options = { host: '127.0.0.1', port, path: PREFIX + path, method, agent: false as const, headers };
  return sendHttps({ ...options, ...tls });
}

async function send(path: string, sent: Sent = {}, body?: string) {
  const outgoing = open(path, sent);
  outgoing.end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of incoming) text += chunk;
  return { status: incoming.statusCode, headers: incoming.headers, text };
}

test('newTunnel repeats any method, path and query as they came', async () => {
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const url = `/a%2Fb/../c//?x=%20y&z&x=+`;
    assert.deepEqual((await send(url, { method })).text, `${method} ${url}`);
  }
  const head = await send('/', { method: 'HEAD' });
  assert.deepEqual([head.status, head.text, head.headers['x-kept']], [200, '', 'yes']);
  const none = await send('/none');
  assert.deepEqual([none.status, none.text], [204, '']);
});

test('forwardedHeaders keep what is for the application, and add whence the request came', async () => {
  const headers = {
    authorization: 'Bearer secret',
    'impersonate-user': 'root',
    cookie: 'session=1',
    host: 'localhost:8001',
    'x-custom': 'kept',
    'x-hop': 'gone',
    connection: 'close, x-hop',
    'proxy-authorization': 'Basic secret',
    'x-forwarded-for': '192.0.2.1',
  };
  await send('/a?b=c', { headers });
  const got = seen.at(-1)!.headers;
  for (const name of ['authorization', 'impersonate-user', 'x-hop', 'proxy-authorization'])
    assert.ok(!(name in got), name);
  assert.equal(got.cookie, 'session=1');
  assert.equal(got.host, 'localhost:8001');
  assert.equal(got['x-custom'], 'kept');
  assert.equal(got['x-forwarded-uri'], `${PREFIX}/a`);
  assert.equal(got['x-forwarded-for'], '192.0.2.1, 127.0.0.1');
});

test('toResponse keeps every cookie, and nothing of the connection or about other origins', async () => {
  const { headers } = await send('/');
  assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(headers['x-kept'], 'yes');
  assert.ok(!('x-private' in headers) && !('access-control-allow-origin' in headers));
});

test('toResponse puts places of the application below the proxy', async () => {
  for (const [location, expected] of [
    ['/login?a=b#c', `${PREFIX}/login?a=b#c`],
    [`http://127.0.0.1:${plainPort}/login`, `${PREFIX}/login`],
    ['http://localhost:8001/login', `${PREFIX}/login`],
    [`${PREFIX}/login`, `${PREFIX}/login`],
    ['login', 'login'],
    ['https://example.com/login', 'https://example.com/login'],
    ['//example.com/login', '//example.com/login'],
  ] as const) {
    const { status, headers } = await send('/', {
      headers: { 'x-location': location, host: 'localhost:8001' },
    });
    assert.deepEqual([status, headers.location], [302, expected]);
  }
});

test('toResponse puts the links of a page below the proxy', async () => {
  const { headers, text } = await send('/page');
  assert.equal(text, `<a href="${PREFIX}/login">in</a><a href="https://example.com/">out</a>`);
  assert.deepEqual([headers['content-encoding'], headers['content-length']], [undefined, undefined]);
  const head = await send('/page', { method: 'HEAD' });
  assert.deepEqual([head.status, head.text], [200, '']);
});

test('newTunnel speaks TLS to whoever answers, without a certificate of its own', async () => {
  assert.equal((await send('/secure', { headers: { 'x-scheme': 'https' } })).text, 'GET /secure');
});

test('newTunnel says that what is proxied cannot be reached', async () => {
  const { status, text } = await send('/', { headers: { 'x-nobody': '1' } });
  assert.equal(status, 503);
  const { reason, message } = JSON.parse(text);
  assert.equal(reason, 'ServiceUnavailable');
  assert.equal(message, 'error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused');
  const upload = await send('/', { method: 'POST', headers: { 'x-nobody': '1' } }, 'x'.repeat(100_000));
  assert.equal(upload.status, 503);
});

test('newTunnel streams a body both ways, piece by piece', async () => {
  onUpload = (message, response) => {
    response.writeHead(200);
    message.on('data', (chunk) => response.write(`got ${chunk}\n`));
    message.on('end', () => response.end('end'));
  };
  const outgoing = open('/upload', { method: 'POST' });
  outgoing.write('one');
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const pieces = incoming[Symbol.asyncIterator]();
  assert.equal(String((await pieces.next()).value), 'got one\n');
  outgoing.write('two');
  assert.equal(String((await pieces.next()).value), 'got two\n');
  outgoing.end();
  assert.equal(String((await pieces.next()).value), 'end');
});

/** Nothing has moved for so long: somebody waits. */
const STALLED_MS = 1_000;

test('newTunnel takes a body that no object may have, and no faster than it is read', async () => {
  let sizeBytes = 0;
  const { promise: go, resolve: letGo } = Promise.withResolvers<void>();
  onUpload = async (message, response) => {
    await go;
    for await (const chunk of message) sizeBytes += chunk.length;
    response.end(String(sizeBytes));
  };
  const outgoing = open('/upload', { method: 'PUT', headers: { 'content-length': String(64 * 2 ** 20) } });
  const answered = once(outgoing, 'response');
  const piece = Buffer.alloc(2 ** 20);
  let hasStalled = false;
  for (let i = 0; i < 64; i++) {
    if (outgoing.write(piece)) continue;
    const drained = once(outgoing, 'drain').then(() => false);
    if (!hasStalled && (await Promise.race([drained, delay(STALLED_MS, true)]))) {
      hasStalled = true;
      letGo();
    }
    await drained;
  }
  letGo();
  assert.ok(hasStalled, 'the server took 64 MiB that nobody read');
  outgoing.end();
  const [incoming] = (await answered) as [IncomingMessage];
  let text = '';
  for await (const chunk of incoming) text += chunk;
  assert.equal(text, String(64 * 2 ** 20));
});

test('newTunnel streams a body that comes over HTTP/2, and answers when nobody takes it', async () => {
  onUpload = async (message, response) => {
    let sizeBytes = 0;
    for await (const chunk of message) sizeBytes += chunk.length;
    response.end(String(sizeBytes));
  };
  const session = connectHttp2(`https://127.0.0.1:${port}`, tls);
  cleanups.push(() => session.destroy());
  const upload = async (headers: Record<string, string>) => {
    const stream = session.request({ ':method': 'POST', ':path': `${PREFIX}/upload`, ...headers });
    stream.on('error', () => {});
    stream.end(Buffer.alloc(5 * 2 ** 20));
    const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    let text = '';
    for await (const chunk of stream) text += chunk;
    return [head[':status'], text] as const;
  };
  assert.deepEqual(await upload({}), [200, String(5 * 2 ** 20)]);
  const [status, text] = await upload({ 'x-nobody': '1' });
  assert.equal(status, 503);
  assert.match(text, /connection refused/);
  assert.deepEqual(await upload({}), [200, String(5 * 2 ** 20)]);
});

test('newTunnel breaks an answer off that its sender broke off, and an upload whose sender has gone', async () => {
  await assert.rejects(send('/break'), /aborted|hang up|ECONNRESET/);
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  onUpload = (message) => {
    message.once('data', () => begin());
    message.once('error', () => {});
    message.once('close', () => resolve());
  };
  const outgoing = open('/upload', { method: 'POST' });
  outgoing.on('error', () => {});
  outgoing.write('part');
  await begun;
  outgoing.destroy();
  await closed;
});

test('newTunnel joins a WebSocket with the application', async () => {
  const client = new WebSocket(`wss://127.0.0.1:${port}${PREFIX}/socket`, tls);
  await once(client, 'open');
  client.send('hello');
  const [echoed] = await once(client, 'message');
  assert.equal(String(echoed), 'hello');
  client.close();
  await once(client, 'close');
});
