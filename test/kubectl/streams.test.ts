/**
 * The real kubectl through the API server's listener and tunnel to an agent's listener: discovery, logs, exec and
 * port-forward, over a container that echoes. What decides about Pods is not part of it.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ApiRequest, ApiResponse } from '../../src/api/message.ts';
import { allResources } from '../../src/api/resources.ts';
import { toServedVersions } from '../../src/apiserver/aggregation/served-version.ts';
import { newDiscovery } from '../../src/apiserver/discovery/discovery.ts';
import { newServerVersion } from '../../src/apiserver/discovery/server-version.ts';
import { aborted } from '../../src/base/abort.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { StatusError } from '../../src/base/status-error.ts';
import type { ByteStream, ExecSession } from '../../src/container-runtime/runtime.ts';
import type { AgentStream } from '../../src/kubelet/server/agent-api.ts';
import { type HttpsServerOptions, newHttpsServer } from '../../src/platform/https-server.ts';
import { writeKubeconfig } from '../../src/platform/kubeconfig.ts';
import { newStreamingUpgrade } from '../../src/platform/kubelet-streaming.ts';
import { openPki } from '../../src/platform/pki.ts';
import { systemClock } from '../../src/platform/system-clock.ts';
import { newTunnel } from '../../src/platform/tunnel.ts';
import { hasKubectl, kubectlPath } from '../tools/kubectl.ts';

const skip = (await hasKubectl()) ? false : 'kubectl is not installed';
const root = await mkdtemp(join(tmpdir(), 'kintsugi-kubectl-'));
const pki = await openPki(systemClock, silentLogger, { directory: join(root, 'pki'), serverHosts: [] });
const stopped = new AbortController();
const cleanups: (() => Promise<unknown>)[] = [() => rm(root, { recursive: true })];
after(async () => {
  stopped.abort();
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function listen(options: Omit<HttpsServerOptions, 'host' | 'port'>): Promise<number> {
  const server = newHttpsServer(silentLogger, { host: '127.0.0.1', port: 0, ...options });
  cleanups.push(() => server.close(0));
  return (await server.listen()).port;
}

/** What a writer wrote, to be read: each chunk, then the end. */
function newPipe() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  return {
    readable: readable as AsyncIterable<Uint8Array>,
    write: (chunk: Uint8Array) => writer.write(chunk),
    end: () => void writer.close().catch(() => {}),
  };
}

/** `cat`, which ends with 3. */
function newEchoSession(): ExecSession {
  const output = newPipe();
  const exit = Promise.withResolvers<number>();
  const finish = () => {
    output.end();
    exit.resolve(3);
  };
  return {
    stdout: output.readable,
    stderr: (async function* () {})(),
    writeStdin: output.write,
    closeStdin: finish,
    resize() {},
    exited: exit.promise,
    close: finish,
  };
}

function newEchoConnection(): ByteStream {
  const { readable, write, end } = newPipe();
  return { readable, write, end, destroy: end };
}

async function* followedLog(signal: AbortSignal): AsyncIterable<Uint8Array> {
  yield Buffer.from('first line\n');
  yield Buffer.from('second line\n');
  await aborted(signal);
}

async function startAgent(): Promise<number> {
  const openStream = async ({ path, query }: ApiRequest): Promise<AgentStream> => {
    if (path.startsWith('/portForward'))
      return { kind: 'portForward', dial: async () => newEchoConnection() };
    const options = { stdin: query.has('stdin'), stdout: true, stderr: true, tty: false };
    return { kind: 'command', options, open: async () => newEchoSession() };
  };
  const handle = async (_: ApiRequest, signal: AbortSignal): Promise<ApiResponse> => ({
    status: 200,
    headers: { 'content-type': 'text/plain' },
    body: { kind: 'stream', chunks: followedLog(signal) },
  });
  const api = { handle, openStream };
  const onUpgrade = newStreamingUpgrade({ api, log: silentLogger, signal: stopped.signal });
  return listen({ tls: (await pki.node('n1', [])).server, handle, onUpgrade });
}

const POD = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'web', namespace: 'default', uid: 'u' },
  spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] },
  status: { phase: 'Running' },
};
const POD_PATH = '/api/v1/namespaces/default/pods/web';
const AGENT_PATHS: Readonly<Record<string, string>> = {
  log: '/containerLogs/default/web/c',
  exec: '/exec/default/web/c',
  portforward: '/portForward/default/web',
};

async function startApi(agentPort: number): Promise<string> {
  const served = toServedVersions(allResources());
  const discovery = newDiscovery({
    clock: systemClock,
    served: () => served,
    version: newServerVersion('linux/amd64', 'nodejs24'),
    health: { livez: [], readyz: [] },
    serverAddress: '127.0.0.1',
    issuer: { issuer: 'https://kubernetes.default.svc', jwks: () => ({ keys: [] }), algorithms: () => [] },
  });
  const handle = async (request: ApiRequest): Promise<ApiResponse> => {
    const { path } = request;
    const found = await discovery.respond(request, { username: 'u', groups: [] });
    if (found) return found;
    if (path === POD_PATH) {
      const headers = { 'content-type': 'application/json' };
      return { status: 200, headers, body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(POD)) } };
    }
    const agentPath = path.startsWith(`${POD_PATH}/`) && AGENT_PATHS[path.slice(POD_PATH.length + 1)];
    if (!agentPath) throw new StatusError('NotFound', 'the server could not find the requested resource');
    const where = { host: '127.0.0.1', port: agentPort, description: 'node "n1"' };
    const target = { ...where, path: agentPath, query: request.query.toString() };
    return { status: 200, headers: {}, body: { kind: 'tunnel', target } };
  };
  const port = await listen({
    tls: pki.server(),
    tunnel: newTunnel({ agents: () => pki.kubeletClient() }),
    handle,
  });
  return `https://127.0.0.1:${port}`;
}

const kubeconfig = join(root, 'kubeconfig');
await writeKubeconfig(kubeconfig, {
  server: await startApi(await startAgent()),
  name: 'kintsugi',
  credentials: pki.admin(),
});

async function start(...args: string[]): Promise<ChildProcess> {
  const environment = { ...process.env, KUBECONFIG: kubeconfig, HOME: root };
  const child = spawn(await kubectlPath(), args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  cleanups.push(async () => child.kill('SIGKILL'));
  return child;
}

async function run(args: readonly string[], input = ''): Promise<{ code: number; output: string }> {
  const child = await start(...args);
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  child.stdin?.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

/** Resolves with `child`'s output once it contains `text`, and leaves it running. */
function seen(child: ChildProcess, text: string): Promise<string> {
  let output = '';
  return new Promise((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk;
      if (output.includes(text)) resolve(output);
    });
  });
}

test('kubectl version takes ours for a Kubernetes of its time', { skip }, async () => {
  const { code, output } = await run(['version']);
  assert.equal(code, 0, output);
  assert.match(output, /Server Version: v1\.36\.\d+\+kintsugi/);
});

test('kubectl api-resources lists every kind', { skip }, async () => {
  const { code, output } = await run(['api-resources', '--no-headers']);
  assert.equal(code, 0, output);
  assert.ok(output.split('\n').length > 60, output);
  assert.match(output, /^deployments +deploy +apps\/v1 +true +Deployment$/m);
});

test('kubectl explain finds fields in the OpenAPI documents', { skip }, async () => {
  const { code, output } = await run(['explain', 'deployment.spec.replicas']);
  assert.equal(code, 0, output);
  assert.match(output, /FIELD: replicas <integer>/);
});

test('kubectl logs -f prints lines as they come', { skip }, async () => {
  const child = await start('logs', '-f', 'web');
  assert.match(await seen(child, 'second line'), /^first line\nsecond line\n$/);
  child.kill('SIGTERM');
  await once(child, 'close');
});

test('kubectl exec -i carries input, output and the exit code', { skip }, async () => {
  const input = `${'x'.repeat(100_000)}\nend\n`;
  const { code, output } = await run(['exec', '-i', 'web', '--', 'cat'], input);
  assert.ok(output.startsWith(input), output.slice(0, 300));
  assert.match(output, /command terminated with exit code 3/);
  assert.equal(code, 3);
});

test('kubectl port-forward joins a local port with the Pod', { skip }, async () => {
  const child = await start('port-forward', 'pod/web', ':8080');
  const port = /127\.0\.0\.1:(\d+)/.exec(await seen(child, '127.0.0.1:'))?.[1];
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('hello');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.equal(String(answer), 'hello');
  socket.destroy();
  child.kill('SIGTERM');
  await once(child, 'close');
});
