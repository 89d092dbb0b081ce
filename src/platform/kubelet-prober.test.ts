import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { newProber } from './kubelet-prober.ts';

const prober = newProber();
const signal = new AbortController().signal;
const HOST = '127.0.0.1';

async function withServer(listener: RequestListener, body: (port: number) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, HOST);
  await once(server, 'listening');
  await body((server.address() as AddressInfo).port);
  server.closeAllConnections();
  server.close();
}

const get = (port: number, path = '/', timeoutMs = 1000) =>
  prober.httpGet({ scheme: 'http', host: HOST, port, path, headers: [] }, timeoutMs, signal);

test('newProber passes 200 to 399 and names the status of the rest', async () => {
  const agents: unknown[] = [];
  const listener: RequestListener = (request, response) => {
    agents.push(request.headers['user-agent']);
    response.statusCode = Number(request.url?.slice(1));
    response.end('body');
  };
  await withServer(listener, async (port) => {
    assert.equal((await get(port, '/204')).result, 'success');
    assert.equal((await get(port, '/399')).result, 'success');
    assert.deepEqual(await get(port, '/500'), {
      result: 'failure',
      output: 'HTTP probe failed with statuscode: 500',
      statusCode: 500,
    });
  });
  assert.equal(agents[0], 'kube-probe/1.36');
});

test('newProber follows redirects within the host and warns about one that leaves it', async () => {
  const listener: RequestListener = (request, response) => {
    const target = { '/near': '/end', '/far': 'http://elsewhere.invalid/' }[request.url ?? ''];
    response.writeHead(target === undefined ? 200 : 302, target === undefined ? {} : { location: target });
    response.end('here');
  };
  await withServer(listener, async (port) => {
    assert.equal((await get(port, '/near')).result, 'success');
    const far = await get(port, '/far');
    assert.equal(far.result, 'warning');
    assert.equal(far.output, 'Probe terminated redirects, Response body: here');
  });
});

test('newProber says what hung and what refused, in the words of upstream', async () => {
  let free = 0;
  await withServer(
    () => {},
    async (port) => {
      free = port;
      const { output } = await get(port, '/', 50);
      const why = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
      assert.equal(output, `Get "http://127.0.0.1:${port}/": ${why}`);
      assert.equal((await prober.tcpSocket({ host: HOST, port }, 1000, signal)).result, 'success');
    },
  );
  const refused = `dial tcp 127.0.0.1:${free}: connect: connection refused`;
  assert.equal((await get(free)).output, `Get "http://127.0.0.1:${free}/": ${refused}`);
  assert.equal((await prober.tcpSocket({ host: HOST, port: free }, 1000, signal)).output, refused);
});

test('newProber reads no more than 10 KB of a body that never ends', async () => {
  const listener: RequestListener = (_, response) => {
    const write = (): void => {
      while (response.write(Buffer.alloc(4096, 97)));
      response.once('drain', write);
    };
    write();
  };
  await withServer(listener, async (port) => {
    const { output, result } = await get(port);
    assert.equal(result, 'success');
    assert.equal(output.length, 10 * 1024);
  });
});

test('newProber asks a gRPC server for its health', async () => {
  let status = 1;
  const server = createHttp2Server().listen(0, HOST);
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, status]));
  });
  await once(server, 'listening');
  const target = { host: HOST, port: (server.address() as AddressInfo).port, service: 'web' };
  assert.deepEqual(await prober.grpc(target, 1000, signal), { result: 'success', output: 'service healthy' });
  status = 2;
  const failed = await prober.grpc(target, 1000, signal);
  assert.equal(failed.output, 'service unhealthy (responded with "NOT_SERVING")');
  server.close();
});
