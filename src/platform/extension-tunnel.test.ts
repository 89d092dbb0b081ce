/** The way to an extension API server: who is told, who is believed, and what bounds it. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiRequest, ExtensionTarget, RequestBody, TunnelTarget } from '../api/message.ts';
import { ExtensionReadError } from '../apiserver/aggregation/extension-reader.ts';
import { StatusError } from '../base/status-error.ts';
import { newExtensionReader } from './extension-reader.ts';
import type { WritableResponse } from './https-response.ts';
import { issueCertificate, newKeyPair } from './pki-certificate.ts';
import { exportKey } from './pki-credential.ts';
import { newTunnel } from './tunnel.ts';
import { startWebhookListener } from './webhook-listener.fixture.ts';

const HOUR_MS = 3_600_000;
const keys = await newKeyPair();
const subject = { commonName: 'front-proxy-client' };
const validity = { notBeforeMs: Date.now() - HOUR_MS, notAfterMs: Date.now() + HOUR_MS };
const credential = {
  key: exportKey(keys.privateKey),
  cert: issueCertificate({ subject, usage: 'client', ...validity }, keys.publicKey, { subject, keys }),
};
const tunnel = newTunnel({
  agents: () => assert.fail('an extension is no agent'),
  extensions: () => credential,
});
const reader = newExtensionReader(tunnel);
const never = new AbortController().signal;

const seen: { request: IncomingMessage; body: string }[] = [];
const sockets = new Set<Socket>();
const listener = await startWebhookListener(respond, { hosts: ['api.ns.svc'] });
listener.server.on('secureConnection', (socket: Socket) => sockets.add(socket));
const upgraded: string[] = [];
listener.server.on('upgrade', ({ headers }: IncomingMessage, socket: Duplex) => {
  const user = Buffer.from(String(headers['x-remote-user']), 'latin1').toString();
  upgraded.push(`${headers['upgrade']} ${user}`);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n');
  socket.pipe(socket);
});
after(() => listener.close());

/** Writes as long as somebody reads. */
const endless = { writtenBytes: 0, isOver: Promise.withResolvers<void>() };
function writeEndlessly(response: ServerResponse): void {
  const piece = Buffer.alloc(64 * 1024, '[');
  const write = () => {
    do endless.writtenBytes += piece.length;
    while (response.write(piece));
  };
  response.on('drain', write).on('close', () => endless.isOver.resolve());
  write();
}

const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/endless': writeEndlessly,
  '/hangs': () => {},
  '/garbage': (response) => response.socket?.end('nonsense\r\n\r\n'),
  '/dies': (response) => response.socket?.destroy(),
  '/dies-later': (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('{');
    setTimeout(() => response.socket?.destroy(), 20);
  },
  '/stops': (response) => response.writeHead(200, { 'content-length': '1000' }).write('{'),
  '/redirects': (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
};

function respond(body: string, response: ServerResponse, request: IncomingMessage): void {
  seen.push({ request, body });
  const special = ANSWERS[request.url ?? ''];
  if (special !== undefined) special(response);
  else
    response
      .writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' })
      .end('{"a":1}');
}

function targetAt(path: string, extension: Partial<ExtensionTarget> = {}): TunnelTarget {
  return {
    host: '127.0.0.1',
    port: listener.port,
    path,
    query: 'a=%20b',
    description: 'API service "v1.x.io"',
    extension: {
      serverName: 'api.ns.svc',
      trust: { caBundle: listener.ca },
      identity: { 'x-remote-user': ['Jörg'], 'x-remote-group': ['a', 'b, c'] },
      timeoutMs: 5000,
      ...extension,
    },
  };
}

function newRequest(body: RequestBody = { kind: 'none' }, headers: Record<string, string> = {}): ApiRequest {
  return {
    method: body.kind === 'none' ? 'GET' : 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers,
    body,
    peer: { kind: 'remote', address: '192.0.2.7', certificate: undefined },
  };
}

function forward(target: TunnelTarget, request = newRequest()): Promise<WritableResponse> {
  return tunnel.forward(target, request, never);
}

async function textOf({ body }: WritableResponse): Promise<string> {
  assert.equal(body.kind, 'stream');
  const parts: Uint8Array[] = [];
  for await (const chunk of (body as { chunks: AsyncIterable<Uint8Array> }).chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

async function problemAt(path: string, extension: Partial<ExtensionTarget> = {}): Promise<string> {
  const failure = await forward(targetAt(path, extension)).then(
    () => assert.fail('it was to fail'),
    (error: unknown) => error,
  );
  assert.ok(failure instanceof StatusError);
  assert.equal(failure.reason, 'ServiceUnavailable');
  return failure.message.replace(/^error trying to reach service: /, '');
}

test('newTunnel tells an extension who asks, and nothing that the client says of that', async () => {
  const sent = {
    authorization: 'Bearer secret',
    'x-remote-user': 'admin',
    'x-remote-group': 'system:masters',
    'x-remote-extra-x': 'y',
    'impersonate-user': 'admin',
    'x-custom': 'kept',
    host: 'api.example.com',
  };
  const answer = await forward(targetAt('/apis/x.io/v1/things'), newRequest(undefined, sent));
  assert.equal(await textOf(answer), '{"a":1}');
  assert.equal(answer.headers['access-control-allow-origin'], undefined);
  const { request } = seen.at(-1)!;
  assert.equal(request.url, '/apis/x.io/v1/things?a=%20b');
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  assert.equal(names.filter((name) => name === 'x-remote-group').length, 2);
  const { headers } = request;
  assert.equal(Buffer.from(String(headers['x-remote-user']), 'latin1').toString(), 'Jörg');
  assert.equal(headers['x-remote-group'], 'a, b, c');
  assert.equal(headers['host'], 'api.ns.svc');
  assert.equal(headers['x-custom'], 'kept');
  assert.equal(headers['x-forwarded-for'], '192.0.2.7');
  for (const name of ['authorization', 'x-remote-extra-x', 'impersonate-user'])
    assert.equal(headers[name], undefined, name);
});

test('newTunnel verifies an extension by its name and bundle, unless it is not to', async () => {
  const { ca } = await startOther();
  const unknown = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  assert.equal(await problemAt('/', { trust: { caBundle: ca } }), unknown);
  assert.equal(await problemAt('/', { trust: 'machine' }), unknown);
  assert.equal(
    await problemAt('/', { serverName: 'other.ns.svc' }),
    'tls: failed to verify certificate: x509: certificate is valid for api.ns.svc, not other.ns.svc',
  );
  assert.match(
    await problemAt('/', { trust: { caBundle: 'no PEM' } }),
    /unable to parse bytes as PEM block|signed by unknown/,
  );
  const answer = await forward(targetAt('/', { trust: 'nobody', serverName: 'other.ns.svc' }));
  assert.equal(await textOf(answer), '{"a":1}');
});

async function startOther() {
  const other = await startWebhookListener(() => {}, { hosts: ['api.ns.svc'] });
  await other.close();
  return other;
}

test('newTunnel keeps connections for short requests, and sends again what meets a closed one', async () => {
  const target = targetAt('/kept');
  await textOf(await forward(target));
  const before = sockets.size;
  await textOf(await forward(target));
  assert.equal(sockets.size, before);
  // As a server that closes what is idle, in the moment in which it is used.
  for (const socket of sockets) socket.destroy();
  assert.equal(await textOf(await forward(target)), '{"a":1}');
});

test('newTunnel streams a body to an extension, and sends it once only', async () => {
  async function* chunks(): AsyncIterable<Uint8Array> {
    yield Buffer.from('{"kind":');
    yield Buffer.from('"Thing"}');
  }
  const request = newRequest({ kind: 'stream', chunks: chunks() }, { 'content-type': 'application/json' });
  await textOf(await forward(targetAt('/posted'), request));
  assert.equal(seen.at(-1)!.body, '{"kind":"Thing"}');
});

test('newTunnel bounds an extension that hangs, before its answer and within it', async () => {
  await assert.rejects(
    forward({ ...targetAt('/hangs', { timeoutMs: 50 }), query: '' }),
    /context deadline exceeded$/,
  );
  const begun = await forward({ ...targetAt('/stops', { timeoutMs: 100 }), query: '' });
  await assert.rejects(textOf(begun));
});

test('newTunnel holds little of an answer without an end, and ends it when nobody reads on', async () => {
  const { body } = await forward({ ...targetAt('/endless'), query: '' });
  assert.equal(body.kind, 'stream');
  for await (const chunk of (body as { chunks: AsyncIterable<Uint8Array> }).chunks) {
    assert.ok(chunk.length > 0);
    let before = -1;
    // Until what lies between the two is full.
    while (before !== endless.writtenBytes) {
      before = endless.writtenBytes;
      await delay(100);
    }
    break;
  }
  assert.ok(endless.writtenBytes < 32 * 1024 * 1024, `${endless.writtenBytes} bytes were taken`);
  await endless.isOver.promise;
});

test('newTunnel refuses what is no HTTP, what breaks off and what leads elsewhere', async () => {
  const at = (path: string) => ({ ...targetAt(path), query: '' });
  const failing = async (path: string) =>
    forward(at(path)).then(
      () => assert.fail('it was to fail'),
      (error: StatusError) => error.message,
    );
  assert.match(await failing('/garbage'), /malformed HTTP response/);
  assert.match(await failing('/dies'), /EOF$/);
  await assert.rejects(forward(at('/dies-later')).then(textOf));
  const { status, body } = await forward(at('/redirects'));
  assert.equal(status, 502);
  assert.match(Buffer.from((body as { bytes: Uint8Array }).bytes).toString(), /which is not permitted$/);
});

test('newTunnel joins an upgraded connection to an extension, which is told who asks', async () => {
  const [client, side] = duplexPair();
  const { timeoutMs: _, ...extension } = targetAt('/').extension!;
  const target = { ...targetAt('/connect'), extension };
  const request = newRequest(undefined, { connection: 'Upgrade', upgrade: 'echo' });
  const connection = { socket: side, head: Buffer.from('early ') };
  assert.equal((await tunnel.upgrade(target, request, connection, never)).kind, 'joined');
  client.write('late');
  let received = '';
  for await (const chunk of client) {
    received += String(chunk);
    if (received.endsWith('early late')) break;
  }
  assert.match(received, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
  assert.deepEqual(upgraded, ['echo Jörg']);
});

test('newTunnel refuses a name that no header can carry', async () => {
  assert.match(
    await problemAt('/', { identity: { 'x-remote-user': ['a\r\nx-remote-group: b'] } }),
    /Invalid character/,
  );
});

test('newExtensionReader reads short answers, and only so much of long ones', async () => {
  const target = { ...targetAt('/read'), query: '' };
  const read = (answerBytesMax: number) =>
    reader.read(target, { accept: 'application/json', answerBytesMax }, never);
  const { status, contentType, body } = await read(100);
  assert.deepEqual(
    [status, contentType, Buffer.from(body!).toString()],
    [200, 'application/json', '{"a":1}'],
  );
  assert.equal((await read(3)).body, undefined);
});

test('newExtensionReader says what is wrong in Go’s words, and stops when it is told to', async () => {
  const options = { accept: 'application/json', answerBytesMax: 100 };
  const closed = { ...targetAt('/'), port: 1 };
  await assert.rejects(reader.read(closed, options, never), (error: Error) => {
    assert.ok(error instanceof ExtensionReadError);
    assert.equal(error.message, 'dial tcp 127.0.0.1:1: connect: connection refused');
    return true;
  });
  const reason = new Error('enough');
  const ending = new AbortController();
  const reading = reader.read({ ...targetAt('/hangs'), query: '' }, options, ending.signal);
  setTimeout(() => ending.abort(reason), 20);
  await assert.rejects(reading, (error) => error === reason);
});
