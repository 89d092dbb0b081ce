import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { SIMULATION_START_MS } from '../simulation/sim-clock.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { ManifestError } from './manifests.ts';
import { startCluster } from './start-cluster.ts';
import { newCluster, untilReady, WEB } from './testing.fixture.ts';

test('startCluster starts one ready node, and a Deployment comes up on it', async (t) => {
  const cluster = await newCluster(t, { manifests: WEB });
  deepEqual(cluster.nodes, ['node-1']);
  equal((await cluster.get('node/node-1')).spec.taints, undefined);
  await untilReady(cluster);
  const pods = await cluster.client.list('pods');
  deepEqual(
    pods.map(({ spec }) => spec.nodeName),
    ['node-1', 'node-1', 'node-1'],
  );
});

test('startCluster takes nodes with labels, taints and capacity', async (t) => {
  const cluster = await newCluster(t, {
    nodes: [
      { name: 'big', capacity: { cpu: '64' }, labels: { disk: 'ssd' } },
      { name: 'gpu', taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
    ],
    manifests: WEB,
  });
  await untilReady(cluster);
  equal((await cluster.get('node/big')).status?.capacity?.['cpu'], '64');
  const nodes = await cluster.client.list('nodes', { labelSelector: 'disk=ssd' });
  deepEqual(
    nodes.map(({ metadata }) => metadata.name),
    ['big'],
  );
  const pods = await cluster.client.list('pods');
  ok(pods.every(({ spec }) => spec.nodeName === 'big'));
});

test('startCluster: the same seed is the same run, another seed another', async () => {
  const run = async (seed: number) => {
    await using cluster = await startCluster({
      nodes: 3,
      seed,
      manifests: WEB,
      latencyMs: { min: 1, max: 9 },
    });
    await untilReady(cluster);
    await cluster.kill('node-1');
    await cluster.advance('10m');
    return cluster.timeline();
  };
  const first = await run(7);
  equal(await run(7), first);
  notEqual(await run(8), first);
});

test('startCluster runs programs, and any image that it is not told of', async (t) => {
  const crashing = { runs: [{ exit: { afterMs: 1000, code: 3 } }] };
  const cluster = await newCluster(t, { manifests: WEB, programs: { web: crashing } });
  const restarted = await cluster.until(async () => {
    const pods = await cluster.client.list('pods');
    return pods.find(({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2);
  });
  equal(restarted.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 3);
  cluster.setProgram('web', { preloaded: true });
  await cluster.client.patch('deployment', 'web', {
    spec: { template: { metadata: { annotations: { again: 'yes' } } } },
  });
  await untilReady(cluster);
});

test('startCluster with images: listed cannot pull what it was not told of', async (t) => {
  const cluster = await newCluster(t, { manifests: WEB, images: 'listed' });
  const reason = await cluster.until(async () => {
    const [pod] = await cluster.client.list('pods');
    return pod?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
  });
  match(reason, /^(ErrImagePull|ImagePullBackOff)$/);
});

test('startCluster without kubelets: Pods are placed, stay as the test leaves them, and nodes stay ready', async (t) => {
  const cluster = await newCluster(t, { nodes: 2, kubelets: false, manifests: WEB });
  const pods = await cluster.until(async () => {
    const all = await cluster.client.list('pods', { namespace: 'default' });
    return all.length === 3 && all.every(({ spec }) => spec.nodeName !== undefined) && all;
  });
  await cluster.advance('10m');
  equal((await cluster.get(`pod/${pods[0]!.metadata.name}`)).status?.phase, 'Pending');
  ok((await cluster.client.list('nodes')).every(({ spec }) => spec.taints === undefined));
  await cluster.client.patch(
    'pod',
    pods[0]!.metadata.name,
    { status: { phase: 'Failed' } },
    { subresource: 'status' },
  );
  await cluster.until(async () => (await cluster.client.list('pods')).length === 4);
  await cluster.kill('node-2');
  await cluster.until(async () =>
    (await cluster.get('node/node-2')).spec.taints?.some(
      ({ key }) => key === 'node.kubernetes.io/unreachable',
    ),
  );
});

test('startCluster takes manifests as text, object, file, folder and URL', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kintsugi-manifests-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
  writeFileSync(path.join(folder, 'a.json'), JSON.stringify(configMap('from-folder')));
  const file = path.join(folder, 'b.yaml');
  writeFileSync(file, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-file}\n');
  const cluster = await newCluster(t, {
    manifests: [WEB, configMap('from-object'), file, pathToFileURL(file), folder],
  });
  const names = (await cluster.client.list('configmaps', { namespace: 'default' })).map(
    (map) => map.metadata.name,
  );
  for (const name of ['from-object', 'from-file', 'from-folder']) ok(names.includes(name), name);
  deepEqual(await cluster.apply(WEB), [{ name: 'deployment.apps/web', outcome: 'unchanged' }]);
  deepEqual(await cluster.apply(WEB.replace('3', '4')), [
    { name: 'deployment.apps/web', outcome: 'configured' },
  ]);
});

test('startCluster starts in 2026, and stops without a trace when it cannot start', async () => {
  await using cluster = await startCluster({ nodes: 0 });
  ok(cluster.now() >= SIMULATION_START_MS && cluster.now() < SIMULATION_START_MS + 1000);
  const refused = WEB.replace('replicas: 3', 'replicas: -3');
  await rejects(startCluster({ manifests: refused }), (error) => {
    ok(error instanceof ManifestError);
    match(error.message, /a text: deployment.apps\/web: Deployment.apps "web" is invalid: spec.replicas/);
    return true;
  });
});

test('startCluster names what is wrong with its options', async () => {
  const wrong: [options: object, message: RegExp][] = [
    [{ node: 3 }, /there is no option "node"; did you mean "nodes"\?/],
    [{ nodes: -1 }, /nodes must be a number up to 5000, or a list of \{ name, … \}, not -1/],
    [{ nodes: [{}] }, /nodes must be a list whose members each have a name/],
    [{ nodes: [{ name: 'A' }] }, /nodes must be a list whose members each have a name/],
    [{ nodes: [{ name: 'a' }, { name: 'a' }] }, /each name occurs once \(not "a"\)/],
    [{ nodes: [{ name: 'a', cpus: 3 }] }, /\(not "cpus"\)/],
    [{ time: 'fast' }, /time must be 'virtual' or 'real', not "fast"/],
    [{ speed: 2 }, /speed is of real time/],
    [{ speed: 0, time: 'real' }, /speed must be a number above 0, not 0/],
    [{ https: 'yes' }, /https must be true or false/],
    [{ controllers: 0 }, /controllers must be 'apart' or 'in-server', not 0/],
    [{ latencyMs: { min: 5, max: 1 } }, /latencyMs must be \{ min, max \} in milliseconds/],
    [{ programs: [] }, /programs must be an object: image → program, not \[\]/],
    [{ seed: Number.NaN }, /seed must be a number or a text/],
    [[], /its options are an object/],
  ];
  for (const [options, message] of wrong) {
    await rejects(startCluster(options as ClusterOptions), (error) => {
      ok(error instanceof TypeError);
      match(error.message, message);
      return true;
    });
  }
});

test('startCluster names what is wrong with manifests, each with its source', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  const wrong: [
    manifests: string | { apiVersion: string; kind: string; metadata: object },
    message: RegExp,
  ][] = [
    ['no/such/file.yaml', /cannot read the manifests in "no\/such\/file.yaml": ENOENT/],
    ['kind: Pod\nmetadata: {}\n', /error validating a text: apiVersion is not set/],
    ['a: [\n', /a text/],
    [
      { apiVersion: 'v1', kind: 'Pood', metadata: { name: 'x' } },
      /unable to recognize an object: no matches for kind "Pood"/,
    ],
    [
      `${WEB}---\napiVersion: v1\nkind: Pod\nmetadata: {name: X_Y}\nspec: {containers: []}\n`,
      /a text: pod\/X_Y: Pod "X_Y" is invalid/,
    ],
  ];
  for (const [manifests, message] of wrong) {
    await rejects(cluster.apply(manifests), (error) => {
      ok(error instanceof ManifestError);
      match(error.message, message);
      return true;
    });
  }
  equal((await cluster.find('deployment/web'))?.spec.replicas, 3);
});
