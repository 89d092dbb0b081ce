import { equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { LeakError } from './open-things.ts';
import { startCluster } from './start-cluster.ts';
import { WEB } from './testing.fixture.ts';

const HERE = 'src/testing/leaks.test.ts:\\d+:\\d+';

test('stop leaves no timer and no handle, and further stops do nothing', async () => {
  const before = process.getActiveResourcesInfo();
  const cluster = await startCluster({ nodes: 3, manifests: WEB });
  await cluster.advance('1m');
  for await (const { object } of cluster.client.watch('pods')) {
    equal(object.kind, 'Pod');
    break;
  }
  await cluster.stop();
  await cluster.stop();
  await cluster[Symbol.asyncDispose]();
  equal(process.getActiveResourcesInfo().length, before.length);
  await rejects(cluster.client.list('pods'), /the cluster has been stopped/);
  await rejects(cluster.advance('1s'), /the cluster has been stopped/);
  await rejects(
    cluster.until(() => true),
    /the cluster has been stopped/,
  );
});

test('stop names each watch and listener that is left open, with its place', async () => {
  const cluster = await startCluster({ nodes: 0 });
  const changes = cluster.client.watch('pods', { namespace: 'default' });
  const next = changes.next().catch((error: Error) => error.message);
  const stopListening = cluster.onEvent(() => {});
  cluster.onEvent(() => {});
  stopListening();
  await cluster.advance('1s');
  await rejects(cluster.stop(), (error) => {
    ok(error instanceof LeakError);
    equal(error.leaks.length, 2);
    match(
      error.message,
      new RegExp(
        `^left open when the cluster stopped:\n {2}a watch of pods in default, from ${HERE}\n {2}a listener of onEvent, from ${HERE}$`,
      ),
    );
    return true;
  });
  equal(await next, 'the cluster has been stopped');
});

test('stop names a controller that does not end, and a timer that one leaves', async () => {
  const cluster = await startCluster({ nodes: 0 });
  cluster.run(() => new Promise<void>(() => {}), { name: 'deaf' });
  cluster.run(
    async ({ clock }) => {
      clock.setTimer(60_000, () => {});
      clock.setTimer(60_000, () => {}).cancel();
      clock.setTimer(1, () => {});
    },
    { name: 'careless' },
  );
  cluster.run(({ clock }, signal) => clock.sleep(3_600_000, signal));
  await cluster.advance('1s');
  await rejects(cluster.stop(), (error) => {
    ok(error instanceof LeakError);
    match(error.leaks[0]?.what ?? '', /^controller "deaf", which does not end when its signal aborts$/);
    match(error.leaks[0]?.site ?? '', new RegExp(`^${HERE}$`));
    equal(error.leaks[1]?.what, 'a timer of 1m of controller "careless"');
    match(error.leaks[1]?.site ?? '', new RegExp(`^${HERE}$`));
    equal(error.leaks.length, 2);
    return true;
  });
});

test('stop names a wait that nobody awaits', async () => {
  const cluster = await startCluster({ nodes: 0 });
  const waiting = cluster.until(() => false, { description: 'never' }).catch((error: Error) => error.message);
  await rejects(
    cluster.stop(),
    new RegExp(`left open when the cluster stopped: until\\(never\\), from ${HERE}$`),
  );
  equal(await waiting, 'the cluster has been stopped');
});
