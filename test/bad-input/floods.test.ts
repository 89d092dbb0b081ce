/**
 * Connections that cost the server more than their client: floods of frames, heads and bodies that never end, answers that
 * nobody reads. Each ends by itself or is bounded, the server stays small, and others are served meanwhile.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import {
  connectRawHttp2,
  END_HEADERS,
  END_STREAM,
  FRAME,
  literalBlock,
  type RawHttp2,
  requestBlock,
  toBytes,
} from '../tools/raw-http2.ts';
import { rawRequest } from '../tools/raw-request.ts';
import { startServerFor } from '../tools/server-process.ts';

const server = await startServerFor({ after });
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
/** Generous: machines that run tests are busy with others, too. */
const OTHERS_MAX_MS = 8_000;
const GROWTH_MAX_MB = 250;
const CLOSE_DEADLINE_MS = 30_000;

const get = () => rawRequest({ url: server.url, path: '/api/v1/namespaces/default', tls: server.tls });

function residentMb(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

/** While `attack` runs, and once it is over, others are answered, and the server does not grow. */
async function withstands(attack: () => Promise<void>): Promise<void> {
  const before = residentMb();
  const over = new AbortController();
  const others = askOthers(over.signal);
  try {
    await attack();
  } finally {
    over.abort();
  }
  const worstMs = await others;
  assert.ok(worstMs < OTHERS_MAX_MS, `others waited for ${worstMs} ms`);
  assert.equal((await get()).status, 200);
  const grown = residentMb() - before;
  assert.ok(grown < GROWTH_MAX_MB, `the server has grown by ${grown} MB`);
}

async function askOthers(signal: AbortSignal): Promise<number> {
  let worstMs = 0;
  while (!signal.aborted) {
    const begin = performance.now();
    assert.equal((await get()).status, 200);
    worstMs = Math.max(worstMs, performance.now() - begin);
    await delay(50);
  }
  return worstMs;
}

async function untilClosed({ isClosed }: { isClosed: () => boolean }, what: string): Promise<void> {
  const deadline = performance.now() + CLOSE_DEADLINE_MS;
  while (!isClosed()) {
    assert.ok(performance.now() < deadline, `${what} was not closed within ${CLOSE_DEADLINE_MS} ms`);
    await delay(20);
  }
}

/** Connections on which no request ever is whole, made before anything else: the last test looks what became of them. */
const silent = startSilentConnections(60);

function startSilentConnections(count: number): { name: string; isClosed: () => boolean; socket: Socket }[] {
  const { hostname, port } = new URL(server.url);
  const address = { host: hostname, port: Number(port) };
  const tls = (protocol: string, text: string) => () => {
    const socket = connectTls({ ...address, ca: server.tls.serverCa, ALPNProtocols: [protocol] });
    return socket.once('secureConnect', () => socket.write(text));
  };
  const tcp = (bytes: Uint8Array) => () => {
    const socket = connectTcp(address);
    socket.write(bytes);
    return socket;
  };
  const sorts: readonly [name: string, open: () => Socket][] = [
    ['a connection without a handshake', tcp(Buffer.alloc(0))],
    ['a handshake that stops', tcp(Buffer.of(0x16, 3, 1, 2, 0, 1))],
    ['a connection without a request', tls('http/1.1', '')],
    ['a head that stops', tls('http/1.1', 'GET /api HTTP/1.1\r\nHost: a\r\nX: ')],
    ['a preface that stops', tls('h2', 'PRI * HTTP/2.0\r\n\r\nSM')],
    ['a preface without a request', tls('h2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0')],
  ];
  return Array.from({ length: count }, (_, i) => {
    const [name, open] = sorts[i % sorts.length]!;
    const socket = open();
    let isClosed = false;
    socket.on('error', () => {}).on('close', () => (isClosed = true));
    return { name, isClosed: () => isClosed, socket: socket.resume() };
  });
}

after(() => silent.forEach(({ socket }) => void socket.destroy()));

const headers = (stream: number, block: Uint8Array, flags = END_STREAM | END_HEADERS) =>
  toBytes({ type: FRAME.headers, flags, stream, payload: block });
const many = (count: number, make: (i: number) => Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));
const CANCEL = Buffer.of(0, 0, 0, 8);
const LIST = requestBlock('GET', CONFIG_MAPS);
const BATCH = 100;

const floods: { what: string; before?: Uint8Array; batch: (round: number) => Uint8Array; rounds: number }[] =
  [
    {
      what: 'requests that are taken back at once (CVE-2023-44487)',
      batch: (round) =>
        many(BATCH, (i) => {
          const stream = (round * BATCH + i) * 2 + 1;
          return Buffer.concat([
            headers(stream, LIST),
            toBytes({ type: FRAME.rstStream, stream, payload: CANCEL }),
          ]);
        }),
      rounds: 100,
    },
    {
      what: 'a head that goes on and on (CVE-2024-27316)',
      before: headers(1, LIST, END_STREAM),
      batch: (round) =>
        toBytes({
          type: FRAME.continuation,
          stream: 1,
          payload: literalBlock({ [`x${round}`]: 'y'.repeat(8000) }),
        }),
      rounds: 2000,
    },
    {
      what: 'a head in pieces of nothing',
      before: headers(1, LIST, END_STREAM),
      batch: () => many(BATCH, () => toBytes({ type: FRAME.continuation, stream: 1 })),
      rounds: 2000,
    },
    {
      what: 'pings',
      batch: () => many(BATCH, () => toBytes({ type: FRAME.ping, payload: Buffer.alloc(8) })),
      rounds: 5000,
    },
    {
      what: 'settings',
      batch: () => many(BATCH, () => toBytes({ type: FRAME.settings })),
      rounds: 5000,
    },
    {
      what: 'a body in pieces of nothing',
      before: headers(1, requestBlock('POST', CONFIG_MAPS), END_HEADERS),
      batch: () => many(BATCH, () => toBytes({ type: FRAME.data, stream: 1 })),
      rounds: 5000,
    },
  ];

for (const { what, before, batch, rounds } of floods) {
  test(`a flood of ${what} ends its connection and no other`, async () => {
    await withstands(async () => {
      const connection = await connectRawHttp2(server);
      if (before !== undefined) await connection.send(before);
      for (let round = 0; round < rounds && !connection.isClosed(); round++)
        await connection.send(batch(round));
      await untilClosed(connection, 'the connection');
    });
  });
}

test('requests behind each other that nobody waits for end their connection', async () => {
  const { hostname, port } = new URL(server.url);
  const { serverCa: ca, cert, key } = server.tls;
  const request = `GET /openapi/v2 HTTP/1.1\r\nHost: a\r\n\r\n`;
  await withstands(async () => {
    const socket = connectTls({
      host: hostname,
      port: Number(port),
      ca,
      cert,
      key,
      ALPNProtocols: ['http/1.1'],
    });
    let isClosed = false;
    socket.on('error', () => {}).on('close', () => (isClosed = true));
    socket.once('secureConnect', () => socket.write(request.repeat(20_000)));
    await untilClosed({ isClosed: () => isClosed }, 'the connection');
  });
});

test('heads that unpack to much more than they are sent as are refused', async () => {
  const named = literalBlock({ bomb: 'y'.repeat(3900) });
  const kept = Buffer.concat([Buffer.of(0x40), named.subarray(1)]);
  const references = Buffer.alloc(10_000, 0x80 | 62);
  await withstands(async () => {
    const connection = await connectRawHttp2(server);
    const bombOf = (i: number) => Buffer.concat([LIST, ...(i === 0 ? [kept] : []), references]);
    await connection.send(many(BATCH, (i) => headers(2 * i + 1, bombOf(i))));
    await delay(500);
    assert.equal(connection.received.get(FRAME.data) ?? 0, 0, 'none of them is answered with a body');
    connection.socket.destroy();
  });
});

async function createLarge(count: number): Promise<void> {
  const body = JSON.stringify({ metadata: { generateName: 'large-' }, data: { a: 'x'.repeat(300_000) } });
  const headers = { 'content-type': 'application/json' };
  for (let i = 0; i < count; i++) {
    const { url, tls } = server;
    const { status } = await rawRequest({ url, path: CONFIG_MAPS, method: 'POST', headers, body, tls });
    assert.equal(status, 201);
  }
}

/** Streams whose answers may not be sent: the window is closed. */
async function askWithoutReading(path: string, streams: number): Promise<RawHttp2> {
  const connection = await connectRawHttp2(server, 0);
  await connection.send(many(streams, (i) => headers(2 * i + 1, requestBlock('GET', path))));
  return connection;
}

test('lists that nobody reads are not kept whole', async () => {
  await createLarge(20);
  await withstands(async () => {
    const connection = await askWithoutReading(CONFIG_MAPS, 100);
    const deadline = performance.now() + CLOSE_DEADLINE_MS;
    while ((connection.received.get(FRAME.headers) ?? 0) < 50 && performance.now() < deadline)
      await delay(50);
    connection.socket.destroy();
  });
});

test('watches that nobody reads are not kept waiting for', async () => {
  await withstands(async () => {
    const connections = await Promise.all(
      Array.from({ length: 3 }, () => askWithoutReading(`${CONFIG_MAPS}?watch=1`, 50)),
    );
    await createLarge(60);
    for (const { socket } of connections) socket.destroy();
  });
});

test('connections that never ask for anything end', async () => {
  for (const { name, ...connection } of silent) await untilClosed(connection, name);
  assert.equal((await get()).status, 200);
});

test('after all this the server has complained of no request', () => {
  assert.doesNotMatch(server.log(), /"level":"error"/);
});
