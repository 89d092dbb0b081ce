import { deepEqual, equal, match, ok, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from './cluster.ts';
import { newCluster, untilReady, WEB } from './testing.fixture.ts';

async function untilNode(cluster: Cluster, name: string, status: string): Promise<number> {
  const startMs = cluster.now();
  await cluster.until(
    async () => {
      const node = await cluster.get(`node/${name}`);
      return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status === status;
    },
    { within: '10m' },
  );
  return cluster.now() - startMs;
}

test('kill: a node without power is Unknown after 50 s, and its Pods are replaced; restore brings it back', async (t) => {
  const cluster = await newCluster(t, { nodes: 3, manifests: WEB });
  await untilReady(cluster);
  await cluster.advance('1m');
  await cluster.kill('node-1');
  const unknownMs = await untilNode(cluster, 'node-1', 'Unknown');
  ok(unknownMs > 40_000 && unknownMs <= 60_000, `${unknownMs}`);
  await cluster.until(
    async () => {
      const pods = await cluster.client.list('pods');
      return (
        pods.filter(({ spec, metadata }) => spec.nodeName !== 'node-1' && !metadata.deletionTimestamp)
          .length === 3
      );
    },
    { within: '10m' },
  );
  await cluster.restore('node-1');
  await untilNode(cluster, 'node-1', 'True');
});

test('partition: a node that nobody hears keeps its containers, and restore mends it', async (t) => {
  const cluster = await newCluster(t, { nodes: 2, manifests: WEB });
  await untilReady(cluster);
  const starts: string[] = [];
  const end = cluster.onEvent((event) => {
    if (event.kind === 'container' && event.type === 'started') starts.push(event.node);
  });
  await cluster.partition('node-2', { direction: 'out' });
  await untilNode(cluster, 'node-2', 'Unknown');
  await cluster.restore('node-2');
  await untilNode(cluster, 'node-2', 'True');
  deepEqual(starts, []);
  end();
});

test('freeze: what is frozen does nothing until restore', async (t) => {
  const cluster = await newCluster(t, { nodes: 1 });
  await cluster.freeze('node-1');
  await cluster.apply(WEB);
  await cluster.advance('20s');
  ok((await cluster.client.list('pods')).every(({ status }) => status?.phase === 'Pending'));
  await cluster.restore('node-1');
  await untilReady(cluster);
});

test('crash: server, controllers and agents come back, and nothing is lost', async (t) => {
  const cluster = await newCluster(t, { nodes: 2, manifests: WEB });
  await untilReady(cluster);
  for (const process of ['server', 'controllers', 'node-1', 'node-2/agent', 'control-plane/server']) {
    await cluster.crash(process);
    await cluster.advance('20s');
  }
  await untilReady(cluster);
  await cluster.client.scale('deployment', 'web', 5);
  await untilReady(cluster, 5);
  const pods = await cluster.client.list('pods');
  ok(pods.every(({ status }) => status?.containerStatuses?.[0]?.restartCount === 0));
});

test('kill: a server that is down refuses at once, and one that is cut off times out', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  await cluster.kill('control-plane');
  await rejects(cluster.client.list('pods'), /connection refused/);
  await cluster.restore('control-plane');
  await cluster.until(async () => (await cluster.client.list('namespaces')).length > 0);
  await cluster.partition('control-plane');
  const startMs = cluster.now();
  await rejects(cluster.client.list('pods'), /no answer to a ping/);
  equal(cluster.now() - startMs, 10_000);
});

test('fault: any of the simulator, until it is ended; what there is not is refused by name', async (t) => {
  const cluster = await newCluster(t, { nodes: 1, controllers: 'apart' });
  const seen: number[] = [];
  cluster.run(
    async ({ client, clock }) => {
      for await (const { object } of client.watch('configmaps', { labelSelector: 'late' })) {
        seen.push(clock.now() - Date.parse(object.metadata.creationTimestamp));
      }
    },
    { name: 'watcher' },
  );
  await cluster.advance('1s');
  const create = (name: string) =>
    cluster.client.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels: { late: 'yes' } },
    });
  const end = cluster.fault('stale-watches', { to: 'watcher', lag: '7s' });
  await create('a');
  await cluster.advance('1m');
  await end();
  // What was sent before, a bookmark perhaps, still comes late, and nothing overtakes it.
  await cluster.advance('10s');
  await create('b');
  await cluster.advance('1s');
  equal(seen.length, 2);
  ok(seen[0]! >= 7000 && seen[0]! < 8000 && seen[1]! < 1000, seen.join());
  match(cluster.timeline('kind=fault'), /stale-watches begins.*stale-watches ends/s);
  throws(
    () => cluster.fault('stale-watch'),
    /fault\("stale-watch"\): unknown fault "stale-watch"; there are: .*stale-watches/,
  );
  throws(
    () => cluster.fault('stale-watches', { to: 'nobody', lag: 1 }),
    /fault\("stale-watches"\)\.to must be the name of a machine/,
  );
});

test('Machinery: machines and processes that there are not are refused by name', async (t) => {
  const cluster = await newCluster(t, { nodes: 2 });
  await rejects(cluster.kill('node-3'), /there is no machine "node-3"; did you mean "node-\d"\?/);
  await rejects(
    cluster.partition('Mars'),
    /there is no machine "Mars"; there are: control-plane, node-1, node-2/,
  );
  await rejects(cluster.restore('x'), /there is no machine "x"/);
  await rejects(cluster.freeze('x'), /there is no machine "x"/);
  await rejects(cluster.crash('servr'), /there is no process "servr"/);
  await rejects(
    cluster.crash('agent'),
    /"agent" is several processes; choose one: .*node-1\/agent, node-2\/agent/,
  );
});
