/** Names as programs in Pods see them: by the C library (`getent`, Node), over UDP and TCP, and across a kill of the agent. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { KeeperState } from '../../src/keeper/keeper-state.ts';
import { type ManifestCluster, startManifestCluster } from '../manifests/cluster.ts';
import { hasKubectl } from '../tools/kubectl.ts';

const skip = await reasonToSkip();
/** An agent is back within 2 s; the machine may be busy. */
const BACK_DEADLINE_MS = 40_000;
const READY = ['wait', '--timeout=25s', '--for=condition=Ready', 'pod', '--all'];

const MANIFEST = `
apiVersion: v1
kind: Pod
metadata: { name: db-0, labels: { app: db } }
spec:
  hostname: db-0
  subdomain: db
  containers: [{ name: main, image: "fastapi-k8s:latest" }]
---
apiVersion: v1
kind: Pod
metadata: { name: asker }
spec:
  dnsConfig: { options: [{ name: timeout, value: "1" }] }
  containers: [{ name: main, image: "fastapi-k8s:latest" }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: db }, ports: [{ name: http, port: 80, targetPort: 8000 }] }
---
apiVersion: v1
kind: Service
metadata: { name: db }
spec: { clusterIP: None, selector: { app: db }, ports: [{ name: http, port: 8000 }] }
---
apiVersion: v1
kind: Service
metadata: { name: alias }
spec: { type: ExternalName, externalName: web.default.svc.cluster.local }
`;

let cluster: ManifestCluster;

if (skip === undefined) {
  before(async () => {
    cluster = await startManifestCluster('bridge');
    await cluster.kubectl.withInput(MANIFEST, 'apply', '-f', '-');
    await cluster.kubectl(...READY);
  });
  after(() => cluster.stop());
}

async function reasonToSkip(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'needs root: without it Pods have no DNS';
  return (await hasKubectl()) ? undefined : 'kubectl is not installed';
}

const options = { skip: skip ?? false };
const inPod = (...command: string[]) => cluster.kubectl('exec', 'asker', '--', ...command);

/** The address that the C library finds, or the code of its failure. A final dot keeps a name from being searched for. */
async function lookUp(name: string): Promise<string> {
  const script = `require('node:dns').lookup(${JSON.stringify(name)}, 4, (e, a) => console.log(e?.code ?? a))`;
  return (await inPod('node', '-e', script)).trim();
}

/** What Node's own resolver finds. */
async function resolve(method: string, name: string): Promise<unknown> {
  const script = `require('node:dns').${method}(${JSON.stringify(name)}, (e, r) => console.log(JSON.stringify(e?.code ?? r)))`;
  return JSON.parse(await inPod('node', '-e', script));
}

const field = async (object: string, path: string) =>
  cluster.kubectl('get', ...object.split(' '), '-o', `jsonpath={${path}}`);

test('a Pod is told to ask the gateway of its node, and searches its own namespace', options, async () => {
  const node = await field('node node-1', '.status.addresses[0].address');
  assert.deepEqual((await inPod('cat', '/etc/resolv.conf')).trim().split('\n'), [
    `nameserver ${node}`,
    'search default.svc.cluster.local svc.cluster.local cluster.local',
    'options ndots:5 timeout:1',
  ]);
});

test('a Service has its cluster address under each of its names', options, async () => {
  const ip = await field('service web', '.spec.clusterIP');
  for (const name of ['web', 'web.default', 'web.default.svc', 'web.default.svc.cluster.local.', 'alias'])
    assert.equal(await lookUp(name), ip, name);
  assert.match(await inPod('getent', 'hosts', 'web'), new RegExp(`^${ip} +web.default.svc.cluster.local`));
  assert.deepEqual(await resolve('reverse', ip), ['web.default.svc.cluster.local']);
  assert.equal(await lookUp('none.default.svc.cluster.local.'), 'ENOTFOUND');
});

test('a headless Service has the addresses of its Pods, by host name and by port too', options, async () => {
  const ip = await field('pod db-0', '.status.podIP');
  assert.equal(await lookUp('db'), ip);
  assert.equal(await lookUp('db-0.db'), ip);
  assert.deepEqual(await resolve('resolveSrv', '_http._tcp.db.default.svc.cluster.local'), [
    { name: 'db-0.db.default.svc.cluster.local', port: 8000, priority: 0, type: 'SRV', weight: 100 },
  ]);
  const names = (await resolve('reverse', ip)) as string[];
  assert.ok(names.includes('db-0.db.default.svc.cluster.local'), names.join());
});

test('names are found by TCP as well', options, async () => {
  await cluster.kubectl.withInput(
    MANIFEST.split('---')[1]!
      .replace('name: asker', 'name: by-tcp')
      .replace('name: timeout, value: "1"', 'name: use-vc'),
    'apply',
    '-f',
    '-',
  );
  await cluster.kubectl(...READY);
  const found = await cluster.kubectl('exec', 'by-tcp', '--', 'getent', 'hosts', 'web');
  assert.match(found, / web\.default\.svc\.cluster\.local/);
});

test('names are found again soon after the agent was killed', options, async () => {
  const before = await agentPid();
  process.kill(before, 'SIGKILL');
  const deadline = performance.now() + BACK_DEADLINE_MS;
  // kubectl cannot enter the Pod meanwhile either: the first answer needs the whole agent.
  for (;;) {
    const { code } = await cluster.kubectl.attempt(['exec', 'asker', '--', 'getent', 'hosts', 'web']);
    if (code === 0) break;
    assert.ok(performance.now() < deadline, 'no answer in time');
  }
  assert.notEqual(await agentPid(), before);
  assert.equal(await field('pod asker', '.status.containerStatuses[0].restartCount'), '0');
});

async function agentPid(): Promise<number> {
  const state = JSON.parse(await readFile(join(cluster.dataDir, 'keeper.json'), 'utf8')) as KeeperState;
  return state.children.find(({ name }) => name === 'agent-node-1')!.process!.pid;
}
