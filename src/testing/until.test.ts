import { deepEqual, doesNotMatch, equal, match, ok, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { SIMULATION_START_MS } from '../simulation/sim-clock.ts';
import { ConditionTimeoutError } from './condition-timeout-error.ts';
import { newCluster, untilReady, WEB } from './testing.fixture.ts';

test('until resolves at the very moment that the condition comes to hold', async (t) => {
  const crash = { preloaded: true, runs: [{ exit: { afterMs: 1234.5, code: 1 } }, {}] };
  const cluster = await newCluster(t, { manifests: WEB.replace('3', '1'), programs: { web: crash } });
  const startMs = await cluster.until(async () => {
    const [pod] = await cluster.client.list('pods');
    return pod?.status?.containerStatuses?.[0]?.state?.running !== undefined && cluster.now();
  });
  await cluster.until(
    async () => (await cluster.client.list('pods'))[0]?.status?.containerStatuses?.[0]?.restartCount === 1,
  );
  ok(Math.abs(cluster.now() - startMs - 1234.5) < 1, `${cluster.now() - startMs}`);
});

test('until looks again at what makes no sound, once a second', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  await cluster.advance('10s');
  const startMs = cluster.now();
  let asked = 0;
  await cluster.until(() => ++asked > 0 && cluster.now() - startMs >= 60_000);
  ok(asked >= 60 && asked <= 80, `${asked}`);
  ok(cluster.now() - startMs < 61_000);
});

test('until takes one that throws for one that does not hold yet, and says at last what it threw', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  let attempts = 0;
  const value = await cluster.until(() => {
    if (++attempts < 3) throw new Error('not yet');
    return 'done';
  });
  equal(value, 'done');
  const cause = new Error('never');
  const failing = cluster.until(
    () => {
      throw cause;
    },
    { within: '3s', description: 'it holds' },
  );
  await rejects(failing, (error: Error) => {
    ok(error instanceof ConditionTimeoutError);
    match(
      error.message,
      /^not so within 3s: it holds; it throws Error: never \(src\/testing\/until.test.ts:\d+:\d+\)/,
    );
    equal(error.cause, cause);
    return true;
  });
});

test('until shows the objects that were looked at, what they own, and the end of the timeline', async (t) => {
  const cluster = await newCluster(t, { images: 'listed', manifests: [WEB, WEB.replaceAll('web', 'other')] });
  const wait = cluster.until(async () => (await cluster.get('deployment/web')).status?.readyReplicas === 3, {
    within: '20s',
  });
  await rejects(wait, ({ message }: Error) => {
    match(message, /^not so within 20s: async \(\) => \(await cluster.get/);
    match(message, /\nOBJECT +READY +UP-TO-DATE +AVAILABLE +AGE\ndeployment\/web +0\/3 +3 +0 +20s\n/);
    match(message, /\nreplicaset\/web-\w+ +3 +3 +0 +20s\n/);
    match(message, /\npod\/web-\w+-\w+ +0\/1 +(ErrImagePull|ImagePullBackOff) +0 +20s\n/);
    match(message, /\ndeployment\/web is Available=False: MinimumReplicasUnavailable/);
    match(message, /\npod\/web-\w+-\w+ Failed: Failed to pull image "web"/);
    match(message, /\nthe timeline's end:\n\+00:00:\d\d\.\d{3} /);
    doesNotMatch(message, /other/);
    return true;
  });
  const absent = cluster.until(() => cluster.find('pod/none'), { within: 0 });
  await rejects(absent, /\n\npods "none" not found\n/);
});

test('advance lets exactly so much time pass, and waits may be beside each other', async (t) => {
  const cluster = await newCluster(t, { nodes: 2, manifests: WEB });
  const startMs = cluster.now();
  await cluster.advance('1h30m');
  equal(cluster.now() - startMs, 5_400_000);
  await cluster.advance(0.25);
  equal(cluster.now() - startMs, 5_400_000.25);
  const order: string[] = [];
  await Promise.all([
    cluster.advance('20s').then(() => order.push(`20s at ${cluster.now() - startMs - 5_400_000.25}`)),
    cluster.advance('10s').then(() => order.push(`10s at ${cluster.now() - startMs - 5_400_000.25}`)),
    cluster.client.get('deployment', 'web').then(() => order.push('get')),
  ]);
  deepEqual(order, ['get', '10s at 10000', '20s at 20000']);
  for (const wrong of ['5 minutes', '-1s', '', -1, Number.NaN]) {
    await rejects(cluster.advance(wrong), /is no length of time; write '10s', '5m'/);
  }
});

test("VirtualTime: a test's requests need no advance, whatever the network's latency", async (t) => {
  const cluster = await newCluster(t, { latencyMs: { min: 7, max: 7 } });
  const startMs = cluster.now();
  await cluster.client.get('node', 'node-1');
  equal(cluster.now() - startMs, 14);
  await Promise.all([cluster.client.list('nodes'), cluster.client.list('pods')]);
  equal(cluster.now() - startMs, 28);
});

test('VirtualTime stands still between two waits of a test, however long it takes in real time', async (t) => {
  const cluster = await newCluster(t, { manifests: WEB });
  await untilReady(cluster);
  const nowMs = cluster.now();
  ok(nowMs > SIMULATION_START_MS);
  await new Promise((resolve) => setTimeout(resolve, 30));
  equal(cluster.now(), nowMs);
});

test('StandstillWarning warns a test that waits while time stands still, once and by name', async (t) => {
  const cluster = await newCluster(t, { nodes: 1 });
  const changes = cluster.client.watch('nodes');
  await changes.next();
  const warned = once(process, 'warning');
  const next = changes.next();
  const hanging = cluster.until(() => new Promise<boolean>(() => {}), { description: 'hell freezes' });
  const [warning] = (await warned) as [Error];
  equal(warning.name, 'KintsugiWarning');
  match(
    warning.message,
    /time stands still while the test waits for a watch of nodes, from src\/testing\/until.test.ts/,
  );
  match(warning.message, /call `cluster.advance\('1m'\)`/);
  await cluster.client.patch('node', 'node-1', { metadata: { labels: { seen: 'yes' } } });
  equal((await next).value?.object.metadata.labels?.['seen'], 'yes');
  await changes.return?.();
  await rejects(cluster.stop(), /left open when the cluster stopped: until\(hell freezes\), from/);
  hanging.catch(() => {});
});

test('during lets time pass beside what is outside of the cluster', async (t) => {
  const cluster = await newCluster(t, { nodes: 0 });
  const startMs = cluster.now();
  const outside = new Promise<string>((resolve) => setTimeout(() => resolve('out'), 50));
  equal(await cluster.during(outside, { speed: 1000 }), 'out');
  const passedMs = cluster.now() - startMs;
  ok(passedMs > 1000 && passedMs < 60_000_000, `${passedMs}`);
  await rejects(cluster.during(Promise.reject(new Error('broken'))), /broken/);
});
