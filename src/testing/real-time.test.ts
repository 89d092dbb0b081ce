import { equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { newCluster, untilReady, WEB } from './testing.fixture.ts';

test('startCluster in real time: nobody needs to advance anything, and the clock is that of the wall', async (t) => {
  const cluster = await newCluster(t, { time: 'real', nodes: 2, manifests: WEB });
  ok(Math.abs(cluster.now() - Date.now()) < 1000);
  await untilReady(cluster);
  const changes = cluster.client.watch('configmaps', { namespace: 'default', labelSelector: 'late' });
  const next = changes.next();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const metadata = { name: 'late', labels: { late: 'yes' } };
  await cluster.client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata });
  equal((await next).value?.object.metadata.name, 'late');
  await changes.return?.();
});

test('startCluster at a speed: minutes pass in seconds', async (t) => {
  const cluster = await newCluster(t, { time: 'real', speed: 50, nodes: 2, manifests: WEB });
  const [startMs, startRealMs] = [cluster.now(), performance.now()];
  await untilReady(cluster);
  await cluster.kill('node-1');
  await cluster.until(
    async () =>
      (await cluster.get('node/node-1')).status?.conditions?.find(({ type }) => type === 'Ready')?.status ===
      'Unknown',
    { within: '20m' },
  );
  await cluster.advance('10s');
  ok(cluster.now() - startMs > 50_000);
  ok(performance.now() - startRealMs < 50_000);
  equal(await cluster.during(Promise.resolve('done')), 'done');
});

test('startCluster in real time: a condition times out, and stop ends timers, waits and controllers', async (t) => {
  const before = process.getActiveResourcesInfo();
  const cluster = await newCluster(t, { time: 'real', speed: 50 });
  const within = cluster.until(() => false, { within: '5s', description: 'it is' });
  await rejects(within, /^ConditionTimeoutError: not so within 5s: it is; it is false/);
  let ended = '';
  cluster.run(async ({ clock }, signal) => {
    await clock.sleep(3_600_000, signal).finally(() => {
      ended = 'ended';
    });
  });
  const waiting = cluster.advance('1h').catch((error: Error) => error.message);
  await rejects(cluster.stop(), /left open when the cluster stopped: advance\("1h"\)/);
  match(String(await waiting), /the cluster has been stopped/);
  equal(ended, 'ended');
  equal(process.getActiveResourcesInfo().length, before.length);
});
