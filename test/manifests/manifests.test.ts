/**
 * Manifests that others wrote, applied by the real kubectl without a change: every Pod becomes Ready, with stand-ins for
 * the programs. Once as root and once as another user, as far as this machine allows.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hasKubectl } from '../tools/kubectl.ts';
import { type ManifestCluster, startManifestCluster } from './cluster.ts';
import type { Network } from './stand-ins.ts';

const MANIFESTS = join(import.meta.dirname, '../../../shared/manifests');
const READY_DEADLINE_MS = 240_000;
/** Less than a single command may take. */
const WAIT_SECONDS = 20;

/** The load generator asks for the frontend by name: without root there is no DNS. */
const SHOP: Record<Network, { selector: string; count: number }> = {
  bridge: { selector: 'app', count: 12 },
  loopback: { selector: 'app,app!=loadgenerator', count: 11 },
};

const skip = await reasonToSkip();
if (skip !== undefined) test('manifests', { skip });
else {
  if (process.getuid?.() === 0) describeNetwork('bridge');
  else test('manifests in namespaces of their own', { skip: 'needs root' });
  describeNetwork('loopback');
}

async function reasonToSkip(): Promise<string | undefined> {
  if (!existsSync(MANIFESTS)) return 'the manifests of others are not beside this repository';
  if (!(await hasKubectl())) return 'kubectl is not installed';
  return availableParallelism() < 2 ? 'the shop requests 1.6 CPUs' : undefined;
}

function describeNetwork(network: Network): void {
  describe(`manifests, ${network === 'bridge' ? 'as root' : 'as a user without privileges'}`, () => {
    let cluster: ManifestCluster;
    before(async () => {
      cluster = await startManifestCluster(network);
    });
    after(() => cluster.stop());

    test('kubectl apply stores a StatefulSet with claims and its StorageClass', async () => {
      await testCassandra(cluster);
    });
    test('kubectl apply of the shop makes its Deployments available', async () => {
      await testShop(cluster, network);
    });
    test('kubectl apply of the application of the walkthroughs makes its five Pods ready', async () => {
      await testFastApi(cluster);
    });
  });
}

/** Nothing acts on StatefulSets yet: it is accepted, kept and printed. */
async function testCassandra({ kubectl }: ManifestCluster): Promise<void> {
  const file = join(MANIFESTS, 'cassandra-statefulset.yaml');
  await kubectl('apply', '-f', file);
  // kubectl sends the list of claims again at each apply, because the stored one carries defaults; nothing changes by it.
  assert.match(await kubectl('apply', '-f', file), /^storageclass.storage.k8s.io\/fast unchanged$/m);
  const generation = ['-o', 'jsonpath={.metadata.generation}'];
  assert.equal(await kubectl('get', 'statefulset', 'cassandra', ...generation), '1');
  assert.match(await kubectl('get', 'statefulset', 'cassandra'), /^cassandra +0\/3 /m);
  assert.match(await kubectl('get', 'storageclass'), /^fast +k8s.io\/minikube-hostpath +Delete +Immediate /m);
  await kubectl('delete', '-f', file);
}

async function testShop({ kubectl }: ManifestCluster, network: Network): Promise<void> {
  await kubectl('apply', '-f', join(MANIFESTS, 'online-boutique.yaml'));
  const { selector, count } = SHOP[network];
  await waitForAll({ kubectl }, ['--for=condition=Available', 'deployment', '-l', selector]);
  const pods = await kubectl('get', 'pods', '-l', selector, '--no-headers');
  const rows = pods.trim().split('\n');
  assert.equal(rows.length, count, pods);
  for (const row of rows) assert.match(row, / 1\/1 +Running +0 /);
  assert.match(await kubectl('get', 'service', 'frontend-external'), / LoadBalancer .* 80:3\d{4}\/TCP /);
  assert.equal(await kubectl('exec', 'deploy/frontend', '--', 'id', '-u'), '1000\n');
}

async function testFastApi({ kubectl }: ManifestCluster): Promise<void> {
  await kubectl('apply', '-f', join(MANIFESTS, 'fastapi-k8s.yaml'));
  await waitForAll({ kubectl }, ['--for=condition=Available', 'deployment/fastapi-k8s']);
  await waitForAll({ kubectl }, ['--for=condition=Ready', 'pod', '-l', 'app=fastapi-k8s']);
  const budget = await kubectl('get', 'poddisruptionbudget', 'fastapi-k8s-pdb', '--no-headers');
  assert.match(budget, /^fastapi-k8s-pdb +2 +N\/A +3 /);
}

/** `kubectl wait` until it succeeds. Fails with what the Pods look like. */
async function waitForAll({ kubectl }: Pick<ManifestCluster, 'kubectl'>, args: string[]): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (;;) {
    const { code, stderr } = await kubectl.attempt(['wait', `--timeout=${WAIT_SECONDS}s`, ...args]);
    if (code === 0) return;
    if (performance.now() < deadline) continue;
    assert.fail(`${stderr}\n${await kubectl('get', 'pods')}\n${await kubectl('get', 'events')}`);
  }
}
