/** Webhooks over real sockets: verified, bounded, never led elsewhere; and Go's words for what goes wrong. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { createServer as createPlainServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { after, test } from 'node:test';
import { WebhookTransportError } from '../apiserver/webhooks/webhook-transport.ts';
import { type Answering, startWebhookListener } from './webhook-listener.fixture.ts';
import { newHttpsWebhooks } from './webhook-transport.ts';

const never = new AbortController().signal;
const cleanups: (() => unknown)[] = [];
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});

async function listen(answer: Answering, options = {}) {
  const listener = await startWebhookListener(answer, options);
  cleanups.push(() => listener.close());
  const post = { url: `${listener.url}/hook?timeout=1s`, caBundle: listener.ca, body: '{"a":1}' };
  return { ...listener, post: { ...post, answerBytesMax: 1000 } };
}

const transport = newHttpsWebhooks();

async function problemOf(post: Parameters<typeof transport.send>[0]): Promise<string> {
  const error = await transport.send(post, never).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  ok(error instanceof WebhookTransportError, String(error));
  return error.message;
}

test('newHttpsWebhooks posts JSON and hands back status and body; connections are used again', async () => {
  const seen: string[] = [];
  const ports = new Set<number>();
  const { post } = await listen((body, response, request) => {
    seen.push(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`);
    ports.add(request.socket.remotePort!);
    response.writeHead(202).end('{"b":2}');
  });
  for (let round = 0; round < 3; round++) {
    const { status, body } = await transport.send(post, never);
    deepEqual([status, Buffer.from(body).toString()], [202, '{"b":2}']);
  }
  equal(seen[0], 'POST /hook?timeout=1s application/json {"a":1}');
  deepEqual([seen.length, ports.size], [3, 1]);
});

test('newHttpsWebhooks connects where it is told and verifies by the name in the URL', async () => {
  const hosts = ['hook.default.svc'];
  const { post, port } = await listen((_, response, { headers }) => response.end(headers.host), { hosts });
  const address = { host: '127.0.0.1', port };
  const named = { ...post, address, url: 'https://hook.default.svc:443/x' };
  equal(Buffer.from((await transport.send(named, never)).body).toString(), 'hook.default.svc');
  equal(
    await problemOf({ ...named, url: 'https://other.default.svc:443/x' }),
    'tls: failed to verify certificate: x509: certificate is valid for hook.default.svc, not other.default.svc',
  );
});

test('newHttpsWebhooks trusts nobody but the bundle', async () => {
  const { post } = await listen((_, response) => response.end());
  const other = await listen((_, response) => response.end());
  const { caBundle: _, ...untrusted } = post;
  const unknown = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  equal(await problemOf(untrusted), unknown);
  equal(await problemOf({ ...post, caBundle: other.ca }), unknown);
  equal(await problemOf({ ...post, caBundle: 'nonsense' }), unknown);
  const old = await listen((_body, response) => response.end(), { expired: true });
  match(await problemOf(old.post), /certificate has expired or is not yet valid$/);
});

test('newHttpsWebhooks says in upstream words why nobody answers', async () => {
  const { post, port, close } = await listen((_, response) => response.destroy());
  equal(await problemOf(post), 'EOF');
  await close();
  equal(await problemOf(post), `dial tcp 127.0.0.1:${port}: connect: connection refused`);
  const plain = createPlainServer((_, response) => response.end('hello'));
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => plain.close());
  const plainUrl = `https://127.0.0.1:${(plain.address() as AddressInfo).port}/`;
  equal(await problemOf({ ...post, url: plainUrl }), 'http: server gave HTTP response to HTTPS client');
  equal(
    await problemOf({ ...post, url: 'https://nobody.invalid/' }).then((text) => text.replace(/:443/, '')),
    'dial tcp: lookup nobody.invalid: no such host',
  );
});

test('newHttpsWebhooks reads no more than it is allowed to, declared or not', async () => {
  let sent = 0;
  const { post } = await listen((_, response) => {
    const fill = () => {
      while (!response.destroyed && sent < 100e6) {
        sent += 1000;
        if (!response.write('x'.repeat(1000))) return void response.once('drain', fill);
      }
    };
    fill();
  });
  equal(await problemOf(post), 'the answer has more than 1000 bytes');
  const declared = await listen((_, response) =>
    response.writeHead(200, { 'content-length': '5000' }).write('x'),
  );
  equal(await problemOf(declared.post), 'the answer has more than 1000 bytes');
  ok(sent < 10e6, `${sent} bytes went out`);
});

test('newHttpsWebhooks is led nowhere, and reads no broken answers', async () => {
  let arrivals = 0;
  const target = await listen((_, response) => {
    arrivals++;
    response.end();
  });
  const { post } = await listen((_, response) =>
    response.writeHead(307, { location: target.post.url }).end(),
  );
  equal((await transport.send(post, never)).status, 307);
  equal(arrivals, 0);
  const cut = await listen((_, response) => {
    response.writeHead(200, { 'content-length': '10' }).write('half');
    setImmediate(() => response.destroy());
  });
  equal(await problemOf(cut.post), 'unexpected EOF');
});

test('newHttpsWebhooks stops with the signal, whether the listener hangs before, at or after the head', async () => {
  const atHead = await listen(() => {});
  const inBody = await listen((_, response) => response.writeHead(200).write('{'));
  const mute = createTcpServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(mute.address() as AddressInfo).port}/`;
  for (const post of [atHead.post, inBody.post, { ...atHead.post, url }]) {
    const signal = AbortSignal.timeout(100);
    await rejects(transport.send(post, signal), (error) => error === signal.reason);
  }
  await new Promise((resolve) => mute.close(resolve));
});

test('newHttpsWebhooks asks once more, on a new connection, where an old one was closed under the request', async () => {
  const sockets = new WeakSet<object>();
  let answers = 0;
  const { post } = await listen((_, response, { socket }) => {
    if (sockets.has(socket)) return void socket.destroy();
    sockets.add(socket);
    answers++;
    response.end('{}');
  });
  for (let round = 0; round < 3; round++) equal((await transport.send(post, never)).status, 200);
  equal(answers, 3);
});
