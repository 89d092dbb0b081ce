import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ApiRequest, ApiResponse } from '../api/message.ts';
import { newDeferred } from '../base/deferred.ts';
import { silentLogger } from '../base/logger.ts';
import { forEachSeed, pick, type Stream } from '../base/seeds.fixture.ts';
import { StatusError } from '../base/status-error.ts';
import type { ExecSession } from '../container-runtime/runtime.ts';
import type { AgentApi, AgentStream } from '../kubelet/server/agent-api.ts';
import { exitStatus, plainStatus } from '../kubelet/server/exec-channels.ts';
import { newStreamingUpgrade } from './kubelet-streaming.ts';
import { encodeFrame, type SpdyFrame, SpdyFrameReader } from './spdy/frames.ts';
import { HeaderCodec } from './spdy/header-block.ts';

/** Bytes in, the same bytes out. */
class Echo implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #arrived = newDeferred();

  push(chunk: Uint8Array | undefined): void {
    if (chunk === undefined) this.#ended = true;
    else this.#chunks.push(Buffer.from(chunk));
    this.#arrived.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.#ended) return;
      else {
        this.#arrived = newDeferred();
        await this.#arrived.promise;
      }
    }
  }
}

/** A command that repeats its input and exits with `code` when the input ends. */
function newEchoSession(code: number): ExecSession {
  const echo = new Echo();
  const exited = newDeferred<number>();
  return {
    stdout: echo,
    stderr: new Echo(),
    writeStdin: async (chunk) => echo.push(chunk),
    closeStdin() {
      echo.push(undefined);
      exited.resolve(code);
    },
    resize: (columns, rows) => echo.push(Buffer.from(`<${columns}x${rows}>`)),
    exited: exited.promise,
    close: () => exited.resolve(137),
  };
}

const COMMAND: AgentStream = {
  kind: 'command',
  options: { stdin: true, stdout: true, stderr: false, tty: false },
  open: async () => newEchoSession(3),
};

const ECHO_PORT: AgentStream = {
  kind: 'portForward',
  async dial(port) {
    if (port !== 80) throw new Error('connection refused');
    const echo = new Echo();
    return {
      readable: echo,
      write: async (chunk) => echo.push(chunk),
      end: () => echo.push(undefined),
      destroy: () => echo.push(undefined),
    };
  },
};

async function withAgent(
  target: AgentStream | StatusError,
  body: (port: number) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const api = {
    openStream: async () => {
      if (target instanceof StatusError) throw target;
      return target;
    },
    async handle(): Promise<ApiResponse> {
      const chunks = Readable.from([Buffer.from('one\n'), Buffer.from('two\n')]);
      return { status: 200, headers: {}, body: { kind: 'stream', chunks } };
    },
  } as unknown as AgentApi;
  const upgrade = newStreamingUpgrade({ api, log: silentLogger, signal: stop.signal });
  const server: Server = createServer().listen(0, '127.0.0.1');
  server.on('upgrade', (message, socket, head) => {
    upgrade({ path: message.url, headers: message.headers } as unknown as ApiRequest, {
      message,
      socket,
      head,
    });
  });
  await once(server, 'listening');
  await body((server.address() as AddressInfo).port);
  stop.abort();
  server.closeAllConnections();
  server.close();
}

test('newStreamingUpgrade carries a command over v5 channels to its exit code', async () => {
  await withAgent(COMMAND, async (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/exec`, ['v5.channel.k8s.io', 'v4.channel.k8s.io']);
    const channels: Record<number, string> = {};
    socket.on('message', (data: Buffer) => {
      channels[data[0]!] = (channels[data[0]!] ?? '') + data.subarray(1).toString();
    });
    await once(socket, 'open');
    assert.equal(socket.protocol, 'v5.channel.k8s.io');
    socket.send(Buffer.from('\x00hello '));
    socket.send(Buffer.concat([Buffer.from([4]), Buffer.from('{"Width":80,"Height":24}')]));
    socket.send(Buffer.from([255, 0]));
    await once(socket, 'close');
    assert.equal(channels[1], 'hello <80x24>');
    const status = JSON.parse(channels[3]!);
    assert.equal(status.reason, 'NonZeroExitCode');
    assert.deepEqual(status.details.causes, [{ reason: 'ExitCode', message: '3' }]);
  });
});

test('newStreamingUpgrade keeps what a client sends before there is a command to take it', {
  timeout: 20_000,
}, async () => {
  const opened = newDeferred();
  const late: AgentStream = {
    ...COMMAND,
    async open() {
      await opened.promise;
      return newEchoSession(0);
    },
  };
  await withAgent(late, async (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/exec`, ['v5.channel.k8s.io']);
    const texts: string[] = [];
    socket.on('message', (data: Buffer) => {
      if (data[0] === 1) texts.push(data.subarray(1).toString());
    });
    await once(socket, 'open');
    for (const bytes of [Buffer.from('\x00early'), Buffer.from([255, 0])]) {
      await new Promise((resolve) => socket.send(bytes, resolve));
    }
    // An answer to a ping says that the server has read what was sent before, or reads nothing yet.
    socket.ping();
    await Promise.race([once(socket, 'pong'), delay(200)]);
    opened.resolve();
    await once(socket, 'close');
    assert.equal(texts.join(''), 'early');
  });
});

test('newStreamingUpgrade ends its side with the close frame', { timeout: 20_000 }, async () => {
  await withAgent(COMMAND, async (port) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      'GET /exec HTTP/1.1\r\nHost: node\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n',
    );
    await once(socket, 'data');
    // A masked message: the input has ended. No close frame follows, ever.
    socket.write(Buffer.from([0x82, 0x82, 0, 0, 0, 0, 255, 0]));
    socket.resume();
    await once(socket, 'end');
    socket.destroy();
  });
});

/** Messages of a channel that is there or not, with what belongs to it or not; and frames that are none. */
function hostileSend(socket: WebSocket, next: Stream): void {
  const text = pick(next, [
    '{"Width":1e999,"Height":-1}',
    '{"Width":"a"}',
    '[',
    'null',
    '',
    '\0'.repeat(5000),
    '{}',
  ]);
  const channel = pick(next, [0, 1, 2, 3, 4, 4, 5, 254, 255]);
  const ways = [
    () => socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(text)])),
    () => socket.send(Buffer.alloc(0)),
    () => socket.send(text),
    () => socket.send(Buffer.of(255, channel)),
    () => socket.ping(text.slice(0, 100)),
    () => rawSocketOf(socket).write(Uint8Array.from({ length: 20 }, () => Math.floor(next() * 256))),
    () => rawSocketOf(socket).write(Buffer.of(0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
    () => socket.terminate(),
  ];
  if (socket.readyState === WebSocket.OPEN) pick(next, ways)();
}

function rawSocketOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}

test('newStreamingUpgrade ends or goes on, whatever comes over its channels', async () => {
  await withAgent(COMMAND, async (port) => {
    await forEachSeed({
      count: 150,
      run: async (next) => {
        const protocol = pick(next, ['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io']);
        const socket = new WebSocket(`ws://127.0.0.1:${port}/exec`, [protocol]);
        const closed = once(socket, 'close');
        socket.on('error', () => {});
        await once(socket, 'open');
        for (let left = 1 + Math.floor(next() * 8); left > 0; left--) hostileSend(socket, next);
        socket.close();
        const timer = setTimeout(() => socket.terminate(), 500);
        await closed;
        clearTimeout(timer);
      },
    });
    const good = new WebSocket(`ws://127.0.0.1:${port}/exec`, ['v5.channel.k8s.io']);
    await once(good, 'open');
    good.send(Buffer.of(255, 0));
    await once(good, 'close');
  });
});

test('newStreamingUpgrade tells the oldest clients nothing of success, and a failure in words', async () => {
  await withAgent(COMMAND, async (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/exec`, ['channel.k8s.io']);
    const failures: string[] = [];
    socket.on('message', (data: Buffer) => {
      if (data[0] === 3) failures.push(data.subarray(1).toString());
    });
    await once(socket, 'open');
    socket.send(Buffer.from([255, 0]));
    await once(socket, 'close');
    assert.deepEqual(failures, ['command terminated with non-zero exit code: exit status 3']);
  });
  assert.equal(plainStatus(exitStatus(0)), '');
});

for (const [protocol, text] of [
  ['binary.k8s.io', 'one\ntwo\n'],
  ['base64.binary.k8s.io', 'b25lCg==dHdvCg=='],
  [undefined, 'one\ntwo\n'],
] as const) {
  test(`newStreamingUpgrade sends a log as ${protocol ?? 'bytes'}`, async () => {
    await withAgent(COMMAND, async (port) => {
      const url = `ws://127.0.0.1:${port}/containerLogs/default/web/main`;
      const socket = protocol === undefined ? new WebSocket(url) : new WebSocket(url, [protocol]);
      let received = '';
      socket.on('message', (data: Buffer) => (received += data.toString()));
      await once(socket, 'close');
      assert.equal(received, text);
    });
  });
}

test('newStreamingUpgrade refuses with a Status before the handshake', async () => {
  await withAgent(new StatusError('Forbidden', 'no'), async (port) => {
    const outgoing = httpRequest({
      port,
      host: '127.0.0.1',
      headers: { connection: 'Upgrade', upgrade: 'websocket' },
    });
    outgoing.end();
    const [response] = await once(outgoing, 'response');
    assert.equal(response.statusCode, 403);
    response.resume();
  });
});

test('newStreamingUpgrade accepts the SPDY tunnel that kubectl port-forward asks for', async () => {
  await withAgent(ECHO_PORT, async (port) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16, 1).toString('base64'),
      'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
    };
    const outgoing = httpRequest({ port, host: '127.0.0.1', headers });
    outgoing.end();
    const [response, socket] = (await once(outgoing, 'upgrade')) as [
      { headers: Record<string, string> },
      Socket,
    ];
    assert.equal(response.headers['sec-websocket-protocol'], 'SPDY/3.1+portforward.k8s.io');
    socket.destroy();
  });
});

test('newStreamingUpgrade forwards a port over plain SPDY, and writes what went wrong to the error stream', async () => {
  await withAgent(ECHO_PORT, async (port) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      'x-stream-protocol-version': 'portforward.k8s.io',
    };
    const outgoing = httpRequest({ port, host: '127.0.0.1', headers });
    outgoing.end();
    const [response, socket] = (await once(outgoing, 'upgrade')) as [
      { headers: Record<string, string> },
      Socket,
    ];
    assert.equal(response.headers['x-stream-protocol-version'], 'portforward.k8s.io');
    const codec = new HeaderCodec();
    const open = async (streamId: number, streamtype: string, target: string, requestid: string) => {
      const block = await codec.encode(new Map(Object.entries({ streamtype, port: target, requestid })));
      socket.write(encodeFrame({ type: 'synStream', streamId, fin: streamtype === 'error', block }));
    };
    await open(1, 'error', '80', '0');
    await open(3, 'data', '80', '0');
    socket.write(encodeFrame({ type: 'data', streamId: 3, fin: true, bytes: Buffer.from('ping') }));
    await open(5, 'error', '81', '1');
    await open(7, 'data', '81', '1');
    const received: Record<number, string> = {};
    const ended = new Set<number>();
    const reader = new SpdyFrameReader();
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (const frame of reader.push(chunk) as SpdyFrame[]) {
        if (frame.type !== 'data') continue;
        received[frame.streamId] = (received[frame.streamId] ?? '') + Buffer.from(frame.bytes).toString();
        if (frame.fin) ended.add(frame.streamId);
      }
      if (ended.size === 4) break;
    }
    assert.equal(received[3], 'ping');
    assert.equal(received[5], 'error forwarding port 81 to pod: connection refused');
  });
});
