import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { request as sendHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import type { ApiRequest, ApiResponse, WatchFrame } from '../api/message.ts';
import { aborted } from '../base/abort.ts';
import { silentLogger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import { BODY_BYTES_MAX } from './https-request.ts';
import { writeResponse } from './https-response.ts';
import { type HttpsServer, newHttpsServer } from './https-server.ts';
import { type ClientTls, openPki, type ServerTls } from './pki.ts';
import { issueCertificate, newKeyPair } from './pki-certificate.ts';
import { exportKey } from './pki-credential.ts';
import { systemClock } from './system-clock.ts';

const root = await mkdtemp(join(tmpdir(), 'kintsugi-https-'));
const pki = await openPki(systemClock, silentLogger, { directory: join(root, 'pki'), serverHosts: [] });
const cleanups: (() => unknown)[] = [() => rm(root, { recursive: true })];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

type Handle = (request: ApiRequest, signal: AbortSignal) => ApiResponse | Promise<ApiResponse>;

async function serve(
  handle: Handle,
  tls: ServerTls = pki.server(),
): Promise<{ port: number; server: HttpsServer }> {
  const server = newHttpsServer(silentLogger, {
    host: '127.0.0.1',
    port: 0,
    tls,
    handle: async (request, signal) => handle(request, signal),
  });
  const { port } = await server.listen();
  cleanups.push(() => server.close(0));
  return { port, server };
}

function json(value: unknown, status = 200): ApiResponse {
  const bytes = () => Buffer.from(JSON.stringify(value));
  return { status, headers: { 'content-type': 'application/json' }, body: { kind: 'object', value, bytes } };
}

function tlsOptions({ key, cert, serverCa }: ClientTls) {
  return { key, cert, ca: serverCa };
}

function openSession(port: number, tls: ClientTls = pki.admin()): ClientHttp2Session {
  const session = connectHttp2(`https://127.0.0.1:${port}`, tlsOptions(tls));
  session.on('error', () => {});
  cleanups.push(() => session.destroy());
  return session;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

async function askHttp2(
  session: ClientHttp2Session,
  path: string,
  headers: OutgoingHttpHeaders = {},
  body?: Buffer,
): Promise<Answer> {
  const stream = session.request({ ':path': path, ...headers }, { endStream: body === undefined });
  if (body !== undefined) stream.on('error', () => {}).end(body);
  const [received] = (await once(stream, 'response')) as [Record<string, string>];
  let text = '';
  for await (const chunk of stream) text += chunk;
  return { status: Number(received[':status']), headers: received, body: text };
}

function askHttp1(
  port: number,
  options: {
    path?: string;
    method?: string;
    headers?: Record<string, string>;
    body?: Buffer;
    tls?: ClientTls;
  },
): Promise<Answer> {
  const { tls = pki.admin(), body, ...rest } = options;
  return new Promise((resolve, reject) => {
    const outgoing = sendHttps(
      { host: '127.0.0.1', port, agent: false, ...tlsOptions(tls), ...rest },
      (incoming) => {
        let text = '';
        incoming.on('data', (chunk) => {
          text += chunk;
        });
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text }),
        );
        incoming.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends `text` as it is and reads until the server closes, or `until` appears. */
async function askRaw(port: number, text: string, until?: string): Promise<string> {
  const socket: TLSSocket = connectTls({ host: '127.0.0.1', port, ...tlsOptions(pki.admin()) });
  await once(socket, 'secureConnect');
  socket.write(text);
  let received = '';
  socket.on('error', () => {});
  for await (const chunk of socket) {
    received += chunk;
    if (until !== undefined && received.includes(until)) break;
  }
  socket.destroy();
  return received;
}

/** What the server saw of the request, in the answer. */
const echo: Handle = ({ method, path, query, headers, body, peer }) =>
  json({
    method,
    path,
    query: query.toString(),
    host: headers['host'],
    names: Object.keys(headers),
    bodyBytes: body.kind === 'bytes' ? body.bytes.length : 0,
    certificate: peer.kind === 'remote' ? peer.certificate : undefined,
  });

test('newHttpsServer gives HTTP/2 and HTTP/1.1 requests the same form', async () => {
  const { port } = await serve(echo);
  const path = '/api/v1/namespaces/a%2Fb/pods//x/?labelSelector=a%3Db&x=1';
  const first = await askHttp2(openSession(port), path);
  const second = await askHttp1(port, { path });
  for (const { status, body, headers } of [first, second]) {
    const seen = JSON.parse(body);
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(seen.path, '/api/v1/namespaces/a%2Fb/pods//x/');
    assert.equal(seen.query, 'labelSelector=a%3Db&x=1');
    assert.equal(seen.host, `127.0.0.1:${port}`);
    assert.ok(seen.names.every((name: string) => !name.startsWith(':')));
    assert.deepEqual(seen.certificate.organizations, ['system:masters']);
    assert.equal(seen.certificate.trusted, true);
  }
});

test('newHttpsServer takes bodies up to 3 MiB and refuses larger ones with upstream words', async () => {
  const { port } = await serve(echo);
  const session = openSession(port);
  const full = Buffer.alloc(BODY_BYTES_MAX);
  const over = Buffer.alloc(BODY_BYTES_MAX + 1);
  const post = { ':method': 'POST' };
  assert.equal(JSON.parse((await askHttp2(session, '/', post, full)).body).bodyBytes, full.length);
  const answers = [
    await askHttp2(session, '/', post, over),
    await askHttp2(session, '/', { ...post, 'content-length': over.length }, over),
    await askHttp1(port, { method: 'POST', body: over }),
    await askHttp1(port, { method: 'POST', body: over, headers: { 'transfer-encoding': 'chunked' } }),
  ];
  for (const { status, body } of answers) {
    assert.equal(status, 413);
    assert.equal(JSON.parse(body).message, 'Request entity too large: limit is 3145728');
  }
  assert.equal((await askHttp2(session, '/')).status, 200, 'the session goes on');
});

test('newHttpsServer reports who cannot be trusted without refusing the connection', async () => {
  const { port } = await serve(echo);
  const keys = await newKeyPair();
  const subject = { commonName: 'mallory', organizations: ['system:masters'] };
  const life = { notBeforeMs: Date.now() - 2000, notAfterMs: Date.now() + 60_000 };
  const foreign = issueCertificate({ subject, usage: 'client', ...life }, keys.publicKey, { subject, keys });
  const tls = { key: exportKey(keys.privateKey), cert: foreign, serverCa: pki.clusterCa };
  for (const body of [
    (await askHttp1(port, { tls })).body,
    (await askHttp2(openSession(port, tls), '/')).body,
  ]) {
    const { certificate } = JSON.parse(body);
    assert.equal(certificate.commonName, 'mallory');
    assert.equal(certificate.trusted, false);
  }
  const serverAsClient = { ...pki.admin(), cert: pki.server().cert, key: pki.server().key };
  assert.equal(JSON.parse((await askHttp1(port, { tls: serverAsClient })).body).certificate.trusted, false);
});

test('newHttpsServer reads odd request lines as upstream does and refuses malformed ones', async () => {
  const { port } = await serve(echo);
  const absolute = await askRaw(
    port,
    'GET https://evil/api?x=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  );
  assert.match(absolute, /"path":"\/api","query":"x=1","host":"h"/);
  const smuggled =
    'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  assert.match(await askRaw(port, smuggled), /^HTTP\/1\.1 400 /);
  assert.match(
    await askRaw(port, `GET / HTTP/1.1\r\nHost: h\r\nX: ${'y'.repeat(70_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  );
  const method = await askRaw(port, 'PROPFIND / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  assert.match(method, /^HTTP\/1\.1 405 /);
  const proto = await askRaw(port, 'GET / HTTP/1.1\r\nHost: h\r\n__proto__: x\r\nConnection: close\r\n\r\n');
  assert.match(proto, /"names":\["host","connection"\]/);
});

test('newHttpsServer answers errors with their Status, and unknown ones without their text', async () => {
  const { port } = await serve(({ path }) => {
    if (path === '/known')
      throw new StatusError('TooManyRequests', 'slow down', { details: { retryAfterSeconds: 3 } });
    throw new Error('secret');
  });
  const session = openSession(port);
  const known = await askHttp2(session, '/known');
  assert.equal(known.status, 429);
  assert.equal(known.headers['retry-after'], '3');
  const unknown = await askHttp2(session, '/unknown');
  assert.equal(unknown.status, 500);
  assert.equal(JSON.parse(unknown.body).reason, 'InternalError');
  assert.doesNotMatch(unknown.body, /secret/);
});

test('newHttpsServer writes lists whole, whatever their pieces', async () => {
  const item = Buffer.from(`${JSON.stringify({ a: 'x'.repeat(3000) })},`);
  function* chunks() {
    yield Buffer.from('[');
    for (let i = 0; i < 1000; i++) yield item;
    yield Buffer.from('0]');
  }
  const value = { metadata: {}, items: [] };
  const headers = { 'content-type': 'application/json' };
  const { port } = await serve(({ path }) => ({
    status: 200,
    headers,
    body: { kind: 'list', value, chunks: path === '/empty' ? () => [] : chunks },
  }));
  const session = openSession(port);
  for (const { body } of [
    await askHttp2(session, '/'),
    await askHttp1(port, { headers: { 'accept-encoding': 'gzip' } }),
  ]) {
    assert.equal(JSON.parse(body).length, 1001);
  }
  assert.equal((await askHttp2(session, '/empty')).headers['content-length'], '0');
  assert.equal((await askHttp2(session, '/', { ':method': 'HEAD' })).body, '');
  assert.equal((await askHttp1(port, { method: 'HEAD' })).body, '');
});

test('writeResponse compresses large answers for whoever is far away', async () => {
  const { PassThrough } = await import('node:stream');
  const writable = new PassThrough({ highWaterMark: 1 << 24 });
  let sent: OutgoingHttpHeaders = {};
  const sink = {
    writable,
    begin(_: number, headers: OutgoingHttpHeaders) {
      sent = headers;
    },
    breakOff() {},
  };
  const bytes = Buffer.alloc(200_000, 'kintsugi ');
  const response = { status: 200, headers: {}, body: { kind: 'bytes', bytes } as const };
  await writeResponse(sink, response, { headOnly: false, compress: true });
  assert.equal(sent['content-encoding'], 'gzip');
  assert.deepEqual(gunzipSync(writable.read() as Buffer), bytes);
});

function frame(text: string): WatchFrame {
  return { type: 'ADDED', object: {}, bytes: () => Buffer.from(`${text}\n`) };
}

test('newHttpsServer sends the head of a watch at once, each frame as it comes, and tells when the client goes', async () => {
  const { promise: next, resolve: sendNext } = Promise.withResolvers<void>();
  const { promise: gone, resolve: onGone } = Promise.withResolvers<void>();
  async function* frames(signal: AbortSignal) {
    await next;
    yield [frame('one'), frame('two')];
    await aborted(signal);
    onGone();
  }
  const { port } = await serve((_, signal) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { kind: 'watch', frames: frames(signal) },
  }));
  const stream = openSession(port).request({ ':path': '/' });
  await once(stream, 'response');
  sendNext();
  const [chunk] = await once(stream, 'data');
  assert.equal(String(chunk), 'one\ntwo\n');
  stream.close();
  await gone;
});

test('HttpsServer.close ends watches cleanly and lets other requests finish', async () => {
  const { promise: finish, resolve: onFinish } = Promise.withResolvers<void>();
  async function* frames(signal: AbortSignal) {
    yield [frame('one')];
    await aborted(signal);
  }
  const { port, server } = await serve(async ({ path }, signal) => {
    if (path === '/watch')
      return { status: 200, headers: {}, body: { kind: 'watch', frames: frames(signal) } };
    await finish;
    return json('done');
  });
  const session = openSession(port);
  const watch = session.request({ ':path': '/watch' });
  await once(watch, 'data');
  const slow = askHttp2(session, '/slow');
  // The stream is on its way before the session is told to go away.
  await new Promise((resolve) => session.ping(resolve));
  const closed = server.close(5000);
  watch.resume();
  await once(watch, 'end');
  onFinish();
  assert.equal((await slow).body, '"done"');
  await closed;
});

test('HttpsServer.listen says which address is taken', async () => {
  const { port } = await serve(echo);
  const second = newHttpsServer(silentLogger, {
    host: '127.0.0.1',
    port,
    tls: pki.server(),
    handle: async () => json(0),
  });
  await assert.rejects(second.listen(), {
    name: 'ListenError',
    code: 'EADDRINUSE',
    message: `cannot listen on 127.0.0.1:${port}: the port is already in use by another program`,
  });
});

test('HttpsServer.setTls presents another certificate to new connections', async () => {
  const other = await openPki(systemClock, silentLogger, { directory: join(root, 'other'), serverHosts: [] });
  const { port, server } = await serve(echo);
  const old = openSession(port);
  assert.equal((await askHttp2(old, '/')).status, 200);
  server.setTls(other.server());
  await assert.rejects(askHttp1(port, {}), /unable to verify|certificate/);
  assert.equal((await askHttp1(port, { tls: other.admin() })).status, 200);
  assert.equal((await askHttp2(old, '/')).status, 200);
});
