import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type ProbedServer, testProber } from '../kubelet/probes/prober.contract.ts';
import { newProber } from './kubelet-prober.ts';

const prober = newProber();
const signal = new AbortController().signal;
const HOST = '127.0.0.1';

testProber('newProber', async (t) => ({
  prober,
  settled: (promise) => promise,
  async serve(kind) {
    const server = kind === 'http' || kind === 'nobody' ? createServer(answer) : newHealthServer(kind);
    const port = await listen(t, server);
    if (kind === 'nobody') await new Promise((resolve) => server.close(resolve));
    return { host: HOST, port };
  },
}));

const REDIRECTS: Record<string, string> = {
  '/near': '/204',
  '/far': 'http://elsewhere.invalid/',
  '/round': '/round',
};

const answer: RequestListener = (request, response) => {
  const [path = ''] = (request.url ?? '').split('?');
  const location = REDIRECTS[path];
  if (path === '/reset') response.destroy();
  else if (location !== undefined) response.writeHead(302, { location }).end('here');
  else if (path !== '/hang') response.writeHead(Number(path.slice(1))).end('here');
};

const STATUS_NUMBERS = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2 };

function newHealthServer(kind: ProbedServer): Server {
  const server = createHttp2Server();
  server.on('stream', (stream: ServerHttp2Stream) => {
    const says = kind.replace('health-', '');
    if (says === 'hang') return;
    const isAbsent = says === 'absent';
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      const problem = { 'grpc-message': 'unknown service grpc.health.v1.Health' };
      stream.sendTrailers({ 'grpc-status': isAbsent ? '12' : '0', ...(isAbsent ? problem : {}) });
    });
    const status = STATUS_NUMBERS[says as keyof typeof STATUS_NUMBERS];
    stream.end(isAbsent ? undefined : Buffer.from([0, 0, 0, 0, 2, 0x08, status]));
  });
  return server;
}

/** The port on which it listens until the test ends. */
async function listen(t: TestContext, server: Server): Promise<number> {
  server.listen(0, HOST);
  await once(server, 'listening');
  t.after(() => {
    if ('closeAllConnections' in server) (server as ReturnType<typeof createServer>).closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const get = (port: number, path = '/', timeoutMs = 1000) =>
  prober.httpGet({ scheme: 'http', host: HOST, port, path, headers: [] }, timeoutMs, signal);

test('newProber says who it is', async (t) => {
  const agents: unknown[] = [];
  const server = createServer((request, response) => {
    agents.push(request.headers['user-agent']);
    response.end();
  });
  await get(await listen(t, server));
  assert.deepEqual(agents, ['kube-probe/1.36']);
});

test('newProber reads no more than 10 KB of a body that never ends', async (t) => {
  const listener: RequestListener = (_, response) => {
    const write = (): void => {
      while (response.write(Buffer.alloc(4096, 97)));
      response.once('drain', write);
    };
    write();
  };
  const { output, result } = await get(await listen(t, createServer(listener)));
  assert.equal(result, 'success');
  assert.equal(output.length, 10 * 1024);
});
