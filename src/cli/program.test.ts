import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRequest, Transport } from '../api/message.ts';
import { newInProcessTransport } from '../client/in-process-transport.ts';
import {
  ADMIN,
  newSimulatedApiServer,
  PODS_URL,
  pod,
  type SimulatedApiServer,
} from '../simulation/sim-api-server.ts';
import type { CliWorld } from './cli-world.ts';
import type { AgentOptions, DownOptions, EncryptOptions, ServerOptions, UpOptions } from './options.ts';
import { runCli } from './program.ts';

const KUBECONFIG = `
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', certificate-authority-data: eA==}}]
users: [{name: u, user: {client-certificate-data: eA==, client-key-data: eA==}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`;

const DEPLOYMENT = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'web:1'}]}
`;

interface Outcome {
  code: number;
  out: string;
  err: string;
}

/** A command line over an API server in memory. */
class Terminal {
  readonly api: SimulatedApiServer;
  readonly files = new Map<string, string>([['/home/me/.kintsugi/kubeconfig', KUBECONFIG]]);
  stdin = '';
  started: UpOptions | ServerOptions | AgentOptions | DownOptions | EncryptOptions | undefined;
  /** Called with all output so far, after each write. */
  onOutput: (out: string) => void = () => {};
  readonly #transport: Transport;

  constructor(api: SimulatedApiServer) {
    this.api = api;
    this.#transport = newInProcessTransport(
      (request: ApiRequest, signal) => api.server.handle(request, signal),
      ADMIN,
    );
  }

  async run(line: string, signal: AbortSignal = new AbortController().signal): Promise<Outcome> {
    const texts = { out: '', err: '' };
    const sink = (which: 'out' | 'err') => ({
      isTerminal: false,
      write: (text: string | Uint8Array) => {
        texts[which] += typeof text === 'string' ? text : new TextDecoder().decode(text);
        this.onOutput(texts.out);
        return Promise.resolve();
      },
    });
    const start = (options: UpOptions | ServerOptions | AgentOptions | DownOptions | EncryptOptions) => {
      this.started = options;
      return Promise.resolve(0);
    };
    const world: CliWorld = {
      clock: this.api.clock,
      version: '0.1.0',
      homeDir: '/home/me',
      env: {},
      stdout: sink('out'),
      stderr: sink('err'),
      readStdin: () => Promise.resolve(this.stdin),
      readText: async (path) =>
        this.files.get(path) ?? Promise.reject(new Error(`cannot read ${path}: no such file`)),
      listManifests: (path) => Promise.resolve([path]),
      connect: async () => ({ send: (request, s) => this.#transport.send(request, s), close() {} }),
      roots: { up: start, server: start, agent: start, down: start, encrypt: start },
    };
    const code = await runCli(line.split(' ').filter(Boolean), world, signal);
    return { code, ...texts };
  }
}

async function newTerminal(): Promise<Terminal> {
  return new Terminal(await newSimulatedApiServer());
}

test('runCli get prints the server’s Table, aligned', async () => {
  const terminal = await newTerminal();
  await terminal.api.call('POST', PODS_URL, pod('web-1'));
  const { code, out } = await terminal.run('get pods');
  assert.equal(code, 0);
  assert.equal(out, 'NAME    READY   STATUS    RESTARTS   AGE\nweb-1   0/1     Pending   0          0s\n');
  assert.match((await terminal.run('get po -o wide')).out, /NOMINATED NODE/);
  assert.equal((await terminal.run('get pod/web-1 -o name')).out, 'pod/web-1\n');
  assert.equal(JSON.parse((await terminal.run('get pod web-1 -o json')).out).kind, 'Pod');
  assert.equal(JSON.parse((await terminal.run('get pods -o json')).out).kind, 'List');
});

test('runCli get names several types with their prefix, and says when there is nothing', async () => {
  const terminal = await newTerminal();
  await terminal.api.call('POST', PODS_URL, pod('web-1'));
  assert.match(
    (await terminal.run('get pods,svc')).out,
    /^pod\/web-1[\s\S]*\n\n[\s\S]*^service\/kubernetes/m,
  );
  assert.deepEqual(await terminal.run('get deploy'), {
    code: 0,
    out: '',
    err: 'No resources found in default namespace.\n',
  });
});

test('runCli get --watch prints what changes until it is interrupted', async () => {
  const terminal = await newTerminal();
  await terminal.api.call('POST', PODS_URL, pod('web-1'));
  const stop = new AbortController();
  terminal.onOutput = (out) => {
    if (out.includes('web-2')) stop.abort(new Error('interrupted'));
    else void terminal.api.call('POST', PODS_URL, pod('web-2'));
  };
  const { code, out, err } = await terminal.run('get pods -w', stop.signal);
  assert.deepEqual([code, err], [0, '']);
  assert.deepEqual(
    out.split('\n').map((line) => line.split(' ')[0]),
    ['NAME', 'web-1', 'web-2', ''],
  );
});

test('runCli apply creates, leaves alone, changes, and removes what the manifest no longer has', async () => {
  const terminal = await newTerminal();
  terminal.files.set('web.yaml', DEPLOYMENT);
  assert.equal((await terminal.run('apply -f web.yaml')).out, 'deployment.apps/web created\n');
  assert.equal((await terminal.run('apply -f web.yaml')).out, 'deployment.apps/web unchanged\n');
  terminal.stdin = DEPLOYMENT.replace('replicas: 2', 'minReadySeconds: 3');
  assert.equal((await terminal.run('apply -f -')).out, 'deployment.apps/web configured\n');
  const { spec } = JSON.parse((await terminal.run('get deploy web -o json')).out);
  assert.deepEqual([spec.replicas, spec.minReadySeconds], [1, 3]);
});

test('runCli apply goes on after an object that the server refuses, and fails', async () => {
  const terminal = await newTerminal();
  terminal.stdin = `${DEPLOYMENT.replace('name: web}', 'name: Web}')}\n---${DEPLOYMENT}`;
  const { code, out, err } = await terminal.run('apply -f -');
  assert.equal(code, 1);
  assert.equal(out, 'deployment.apps/web created\n');
  assert.match(err, /^standard input: Error from server \(Invalid\): .*metadata\.name.*\n$/);
});

test('runCli apply goes on after a document that is no manifest, and so does delete', async () => {
  const terminal = await newTerminal();
  terminal.stdin = `kind: Foo\napiVersion: v1\nmetadata: {name: x}\n---${DEPLOYMENT}`;
  const applied = await terminal.run('apply -f -');
  assert.equal(applied.code, 1);
  assert.equal(applied.out, 'deployment.apps/web created\n');
  assert.match(applied.err, /^unable to recognize standard input: no matches for kind "Foo".*\n$/);
  const deleted = await terminal.run('delete --no-wait -f -');
  assert.equal(deleted.code, 1);
  assert.equal(deleted.out, 'deployment.apps/web deleted\n');
});

test('runCli apply says in one line what is wrong with a manifest', async () => {
  const terminal = await newTerminal();
  const complaintAbout = async (text: string) => {
    terminal.stdin = text;
    const { code, err } = await terminal.run('apply -f -');
    assert.equal(code, 1);
    return err;
  };
  assert.match(await complaintAbout('a: 1\na: 2'), /^error parsing standard input: line 2.*duplicated/);
  assert.match(
    await complaintAbout('kind: Foo\napiVersion: v1\nmetadata: {name: x}'),
    /no matches for kind "Foo"/,
  );
  assert.match(await complaintAbout('kind: Pod\nmetadata: {name: x}'), /apiVersion is not set/);
  assert.match(await complaintAbout('just text'), /an object is expected/);
  assert.match(await complaintAbout(''), /no objects found/);
});

test('runCli delete removes by name and by manifest, and waits for neither what is gone', async () => {
  const terminal = await newTerminal();
  terminal.files.set('web.yaml', DEPLOYMENT);
  await terminal.run('apply -f web.yaml');
  assert.equal((await terminal.run('delete -f web.yaml')).out, 'deployment.apps/web deleted\n');
  await terminal.api.call('POST', PODS_URL, pod('web-1'));
  assert.equal((await terminal.run('delete pod web-1 --force')).out, 'pod/web-1 force deleted\n');
  const again = await terminal.run('delete pod web-1');
  assert.deepEqual(again, {
    code: 1,
    out: '',
    err: 'Error from server (NotFound): pods "web-1" not found\n',
  });
  assert.equal((await terminal.run('delete pod web-1 --ignore-not-found')).code, 0);
});

test('runCli describe shows a Pod with its containers, and never the data of a Secret', async () => {
  const terminal = await newTerminal();
  await terminal.api.call('POST', PODS_URL, pod('web-1'));
  const { out } = await terminal.run('describe pod web-1');
  for (const line of [
    'Name:         web-1',
    'Status:         Pending',
    'Containers:',
    '  main:',
    'Events:  <none>',
  ]) {
    assert.ok(out.includes(`${line}\n`), `no line "${line}" in:\n${out}`);
  }
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data: { password: 'aHVudGVyMg==' },
  };
  await terminal.api.call('POST', '/api/v1/namespaces/default/secrets', secret);
  const described = (await terminal.run('describe secret s')).out;
  assert.match(described, /password: {2}7 bytes/);
  assert.doesNotMatch(described, /aHVudGVyMg/);
});

test('runCli tells wrong usage with code 2, in one line', async () => {
  const terminal = await newTerminal();
  for (const line of [
    'nope',
    'get',
    'get nope',
    'get pods -w -o json',
    'get pods/',
    'get pods --output xml',
    'up --nodes 0',
    'up --api-port 70000',
    'up --image web',
    'up --runtime docker',
    'apply',
    'delete pods',
    'logs web --since soon',
    'events --for web',
  ]) {
    const { code, err } = await terminal.run(line);
    assert.equal(code, 2, `${line}: ${err}`);
    assert.match(err, /^kintsugi: [^\n]+\n$/, line);
  }
});

test('runCli says where it looked for a cluster', async () => {
  const terminal = await newTerminal();
  const { code, err } = await terminal.run('get pods --data-dir /data');
  assert.equal(code, 1);
  assert.match(
    err,
    /^kintsugi: no cluster found: cannot read \/data\/kubeconfig: no such file; start a cluster/,
  );
});

test('runCli hands up its options, with the defaults of the contract', async () => {
  const terminal = await newTerminal();
  await terminal.run('up');
  assert.deepEqual(terminal.started, {
    files: [],
    dataDir: '/home/me/.kintsugi',
    apiPort: 6443,
    nodes: 1,
    runtime: 'auto',
    images: [],
    output: 'text',
  });
  await terminal.run('up -f a -f b --data-dir d --api-port 0 --nodes 2 --image web:1=./web --image db=x=y');
  assert.deepEqual(terminal.started, {
    files: ['a', 'b'],
    dataDir: 'd',
    apiPort: 0,
    nodes: 2,
    runtime: 'auto',
    images: [
      { reference: 'web:1', directory: './web' },
      { reference: 'db', directory: 'x=y' },
    ],
    output: 'text',
  });
});

test('runCli hands on how much the API serves at once', async () => {
  const terminal = await newTerminal();
  await terminal.run('up --max-requests-inflight 40 --max-mutating-requests-inflight 20');
  const { maxRequestsInflight, maxMutatingRequestsInflight } = terminal.started as UpOptions;
  assert.deepEqual([maxRequestsInflight, maxMutatingRequestsInflight], [40, 20]);
  assert.equal((await terminal.run('server --max-requests-inflight 0')).code, 2);
});

test('runCli prints help and version to standard output with code 0', async () => {
  const terminal = await newTerminal();
  const help = await terminal.run('--help');
  assert.equal(help.code, 0);
  for (const command of ['up', 'down', 'get', 'describe', 'apply', 'delete', 'logs', 'events', 'version']) {
    assert.match(help.out, new RegExp(`^  ${command} `, 'm'));
  }
  assert.equal((await terminal.run('--version')).out, '0.1.0\n');
  const { clientVersion, serverVersion } = JSON.parse((await terminal.run('version -o json')).out);
  assert.equal(clientVersion.version, '0.1.0');
  assert.ok(serverVersion.gitVersion ?? serverVersion.problem);
  assert.equal((await terminal.run('version --client')).out, 'Client: kintsugi 0.1.0\n');
});
