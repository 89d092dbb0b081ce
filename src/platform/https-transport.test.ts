import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { ApiRequest } from '../api/message.ts';
import { hasReason } from '../base/status-error.ts';
import { readChunks, readValue } from '../client/response-body.ts';
import { WatchEvents } from '../client/watch-events.ts';
import { newHttpsTransport } from './https-transport.ts';
import { issueCertificate, newKeyPair } from './pki-certificate.ts';
import { exportKey } from './pki-credential.ts';
import { systemClock as clock } from './system-clock.ts';

type Answer = (stream: ServerHttp2Stream, path: string) => void;

const never = new AbortController().signal;
let tls: { serverCa: string; cert: string; key: string };

before(async () => {
  const [caKeys, keys] = await Promise.all([newKeyPair(), newKeyPair()]);
  const validity = { notBeforeMs: Date.now() - 60_000, notAfterMs: Date.now() + 3_600_000 };
  const issuer = { subject: { commonName: 'test-ca' }, keys: caKeys };
  const serverCa = issueCertificate(
    { subject: issuer.subject, usage: 'ca', ...validity },
    caKeys.publicKey,
    issuer,
  );
  const cert = issueCertificate(
    { subject: { commonName: 'server' }, usage: 'server', hosts: ['127.0.0.1'], ...validity },
    keys.publicKey,
    issuer,
  );
  tls = { serverCa, cert, key: exportKey(keys.privateKey) };
});

const servers: Http2SecureServer[] = [];
after(() => {
  for (const server of servers) server.close();
});

interface TestServer {
  url: string;
  port: number;
  kill(): Promise<void>;
}

async function serve(answer: Answer, port = 0): Promise<TestServer> {
  const server = createSecureServer({ cert: tls.cert, key: tls.key });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    answer(stream, String(headers[':path']));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  servers.push(server);
  const address = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${address.port}`,
    port: address.port,
    kill: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };
}

function request(path: string, body?: unknown): ApiRequest {
  return {
    method: body === undefined ? 'GET' : 'POST',
    path,
    query: new URLSearchParams({ a: 'b c' }),
    headers: { 'user-agent': 'test' },
    body: body === undefined ? { kind: 'none' } : { kind: 'object', value: body },
    peer: { kind: 'remote', address: '', certificate: undefined },
  };
}

const open = (server: string) => newHttpsTransport({ server, clock, credentials: () => tls });

test('newHttpsTransport sends path, query, headers and body, and reads the answer', async () => {
  const server = await serve((stream, path) => {
    const parts: Buffer[] = [];
    stream.on('data', (chunk) => parts.push(chunk as Buffer));
    stream.on('end', () => {
      stream.respond({ ':status': 201, 'content-type': 'application/json' });
      stream.end(JSON.stringify({ path, got: JSON.parse(Buffer.concat(parts).toString()) }));
    });
  });
  const transport = open(server.url);
  const response = await transport.send(request('/api/v1/pods', { x: 1 }), never);
  equal(response.status, 201);
  equal(response.headers['content-type'], 'application/json');
  deepEqual(await readValue(response.body), { path: '/api/v1/pods?a=b+c', got: { x: 1 } });
  transport.close();
});

test('newHttpsTransport reads every answer whole, however many are under way', async () => {
  const server = await serve((stream) => {
    stream.resume().on('end', () => {
      stream.respond({ ':status': 201, 'content-type': 'application/json' });
      stream.end(JSON.stringify('x'.repeat(3000)));
    });
  });
  const transport = open(server.url);
  const askRepeatedly = async () => {
    for (let i = 0; i < 30; i++) {
      const { body } = await transport.send(request('/', { x: 1 }), never);
      equal((await readValue(body)) as string, 'x'.repeat(3000));
    }
  };
  await Promise.all(Array.from({ length: 64 }, askRepeatedly));
  transport.close();
});

test('newHttpsTransport answers ServiceUnavailable while nobody listens, and connects again later', async () => {
  const first = await serve((stream) => {
    stream.respond({ ':status': 200 });
    stream.end('{}');
  });
  const transport = open(first.url);
  await readValue((await transport.send(request('/'), never)).body);
  await first.kill();
  await rejects(transport.send(request('/'), never), (error) => {
    ok(hasReason(error, 'ServiceUnavailable'));
    match(error.message, /cannot be reached: .+/);
    return true;
  });
  await serve((stream) => {
    stream.respond({ ':status': 204 });
    stream.end();
  }, first.port);
  const response = await transport.send(request('/'), never);
  equal(response.status, 204);
  equal(await readValue(response.body), undefined);
  transport.close();
});

test('newHttpsTransport ends a stream with ServiceUnavailable when the server dies within it', async () => {
  const server = await serve((stream) => {
    stream.respond({ ':status': 200 });
    stream.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n{"type"');
  });
  const transport = open(server.url);
  const response = await transport.send(request('/watch'), never);
  const seen: unknown[] = [];
  await rejects(
    async () => {
      for await (const event of new WatchEvents(async () => response, never)) {
        seen.push(event);
        await server.kill();
      }
    },
    (error) => hasReason(error, 'ServiceUnavailable'),
  );
  deepEqual(seen, [{ type: 'ADDED', object: { metadata: { name: 'a' } } }]);
  transport.close();
});

test('newHttpsTransport gives the whole of an answer that arrived before its connection ended', async () => {
  const text = JSON.stringify('x'.repeat(3000));
  const server = await serve((stream) => {
    stream.respond({ ':status': 200, 'content-length': text.length });
    stream.end(text);
  });
  const transport = open(server.url);
  const { body } = await transport.send(request('/'), never);
  // The reader comes late: the server is gone by now.
  await clock.sleep(20, never);
  await server.kill();
  await clock.sleep(20, never);
  equal((await readValue(body)) as string, 'x'.repeat(3000));
  transport.close();
});

test('newHttpsTransport does not take a cut answer for a whole one', async () => {
  const server = await serve((stream) => {
    stream.respond({ ':status': 200, 'content-length': 1000 });
    stream.write('"x');
  });
  const transport = open(server.url);
  const { body } = await transport.send(request('/'), never);
  await server.kill();
  await rejects(readValue(body), (error) => hasReason(error, 'ServiceUnavailable'));
  transport.close();
});

test('newHttpsTransport gives the reason of an abort, before and after the head', async () => {
  const server = await serve((stream, path) => {
    if (path.startsWith('/open')) {
      stream.respond({ ':status': 200 });
      stream.write('x');
    }
  });
  const transport = open(server.url);
  const early = new AbortController();
  const pending = transport.send(request('/silent'), early.signal);
  early.abort(new Error('enough'));
  await rejects(pending, /enough/);

  const late = new AbortController();
  const response = await transport.send(request('/open'), late.signal);
  await rejects(async () => {
    for await (const _ of readChunks(response.body)) late.abort(new Error('stop here'));
  }, /stop here/);
  transport.close();
});

test('newHttpsTransport holds the server back while nobody reads', async () => {
  let written = 0;
  const server = await serve((stream) => {
    stream.respond({ ':status': 200 });
    const chunk = Buffer.alloc(1024 * 1024);
    const pump = () => {
      if (stream.destroyed || written >= 200) return;
      written++;
      stream.write(chunk, () => pump());
    };
    pump();
  });
  const transport = open(server.url);
  const response = await transport.send(request('/firehose'), never);
  let last = -1;
  while (last !== written) {
    last = written;
    await clock.sleep(100, never);
  }
  ok(written < 50, `the server could write ${written} MiB`);
  const reader = readChunks(response.body);
  await reader.next();
  await reader.return(undefined);
  transport.close();
});

test('newHttpsTransport refuses a server of a foreign authority', async () => {
  const server = await serve((stream) => stream.respond({ ':status': 200 }, { endStream: true }));
  const keys = await newKeyPair();
  const subject = { commonName: 'other' };
  const serverCa = issueCertificate(
    { subject, usage: 'ca', notBeforeMs: Date.now() - 1000, notAfterMs: Date.now() + 60_000 },
    keys.publicKey,
    { subject, keys },
  );
  const transport = newHttpsTransport({ server: server.url, clock, credentials: () => ({ serverCa }) });
  await rejects(transport.send(request('/'), never), (error) => hasReason(error, 'ServiceUnavailable'));
  transport.close();
});
