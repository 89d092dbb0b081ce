import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { ControllerFunction } from './controller-context.ts';
import { newCluster } from './testing.fixture.ts';

/** Gives each ConfigMap with label `copy` a copy named `NAME-copy`. */
const copier: ControllerFunction = async ({ client, informers }, signal) => {
  const maps = informers.informer('configmaps', { labelSelector: 'copy' });
  await informers.whenSynced();
  for await (const { object } of client.watch('configmaps', { labelSelector: 'copy' })) {
    const { name, namespace } = object.metadata;
    ok(maps.synced);
    const copy = { name: `${name}-copy`, namespace: namespace! };
    const exists = await client.find('configmap', copy);
    if (exists === undefined) {
      await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: copy, data: { ...object.data } });
    }
    signal.throwIfAborted();
  }
};

const original = (name: string) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { name, labels: { copy: 'yes' } },
  data: { a: 'b' },
});

test('run: a controller under test works in the time of the cluster', async (t) => {
  const cluster = await newCluster(t, { nodes: 0, latencyMs: { min: 1, max: 3 } });
  const handle = cluster.run(copier);
  equal(handle.name, 'copier');
  await cluster.client.create(original('one'));
  const copy = await cluster.until(() => cluster.find('configmap/one-copy'));
  deepEqual(copy.data, { a: 'b' });
  await handle.stop();
  await cluster.client.create(original('two'));
  await cluster.advance('1m');
  equal(await cluster.find('configmap/two-copy'), undefined);
});

test('run: a crashed controller is started again, and one cut off catches up', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  let starts = 0;
  const counting: ControllerFunction = (context, signal) => {
    starts++;
    return copier(context, signal);
  };
  cluster.run(counting, { name: 'copier' });
  await cluster.advance('1s');
  await cluster.crash('copier');
  await cluster.client.create(original('one'));
  await cluster.until(() => cluster.find('configmap/one-copy'));
  equal(starts, 2);
  await cluster.partition('copier');
  await cluster.client.create(original('two'));
  await cluster.advance('5s');
  equal(await cluster.find('configmap/two-copy'), undefined);
  await cluster.restore('copier');
  await cluster.until(() => cluster.find('configmap/two-copy'));
});

test('run: its own timers are in the time of the cluster, its own randomness by the seed', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  const ticks: number[] = [];
  const startMs = cluster.now();
  cluster.run(async ({ clock, random }, signal) => {
    ok(random.next() < 1);
    while (!signal.aborted) {
      await clock.sleep(60_000, signal);
      ticks.push(clock.now() - startMs);
    }
  });
  await cluster.advance('5m');
  deepEqual(ticks, [60_000, 120_000, 180_000, 240_000, 300_000]);
});

test('run: a controller that throws fails the next wait, by name and once', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  const cause = new Error('no such luck');
  cluster.run(
    async ({ clock }, signal) => {
      await clock.sleep(1000, signal);
      throw cause;
    },
    { name: 'unlucky' },
  );
  await rejects(cluster.advance('2s'), (error: Error) => {
    match(
      error.message,
      /^controller "unlucky", from src\/testing\/controller-run.test.ts:\d+:\d+, failed: no such luck$/,
    );
    equal(error.cause, cause);
    return true;
  });
  await cluster.advance('1m');
});

test('run: it speaks as whom it is told, and may do no more', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  const user = 'system:serviceaccount:default:reader';
  let refusal = '';
  cluster.run(
    async ({ client }) => {
      refusal = await client.list('secrets').then(
        () => 'allowed',
        (error: Error) => error.message,
      );
    },
    { as: { user } },
  );
  await cluster.advance('1s');
  match(
    refusal,
    /secrets is forbidden: User "system:serviceaccount:default:reader" cannot list resource "secrets"/,
  );
});

test('run: names are made fit, and told apart', async (t) => {
  const cluster = await newCluster(t, { nodes: 1 });
  const name = (wanted: string) => cluster.run(async () => {}, { name: wanted }).name;
  deepEqual(
    [name('webOperator'), name('webOperator'), name('node-1'), name('***')],
    ['web-operator', 'web-operator-2', 'node-1-2', 'controller'],
  );
});
