/** The example application's own manifests, tested: what its users would see if a node died, a copy hung, a rollout failed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cluster, startCluster } from 'kintsugi/testing';

const manifests = new URL('../web-app/web-app.yaml', import.meta.url);
const image = 'web-app:1.0';

async function readyReplicas(cluster: Cluster): Promise<number> {
  return (await cluster.get('deployment/web-app')).status?.readyReplicas ?? 0;
}

test('web-app: when a node dies, its copies run elsewhere within six minutes', async () => {
  await using cluster = await startCluster({ nodes: 3, manifests });
  await cluster.until(async () => (await readyReplicas(cluster)) === 5);
  await cluster.kill('node-2');
  await cluster.until(async () => (await readyReplicas(cluster)) < 5, { within: '1m' });
  await cluster.until(async () => (await readyReplicas(cluster)) === 5, { within: '6m' });
  const pods = await cluster.client.list('pods', { labelSelector: 'app=web-app' });
  const alive = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  assert.ok(alive.every(({ spec }) => spec.nodeName !== 'node-2'));
});

test('web-app: a copy that hangs is found by its liveness probe and restarted', async () => {
  const hangsOnce = {
    runs: [{ ports: 'any' as const, hang: { afterMs: 60_000 } }, { ports: 'any' as const }],
  };
  await using cluster = await startCluster({ programs: { [image]: hangsOnce }, manifests });
  await cluster.until(async () => {
    const pods = await cluster.client.list('pods', { labelSelector: 'app=web-app' });
    return pods.every(({ status }) => status?.containerStatuses?.[0]?.restartCount === 1);
  });
  const [pod] = await cluster.client.list('pods', { labelSelector: 'app=web-app' });
  const reasons = (await cluster.events(pod!)).map(({ reason }) => reason);
  assert.ok(reasons.includes('Unhealthy') && reasons.includes('Killing'));
  await cluster.until(async () => (await readyReplicas(cluster)) === 5);
});

test('web-app: a rollout that never gets ready leaves four copies serving, and is reported after ten minutes', async () => {
  await using cluster = await startCluster({ nodes: 2, manifests });
  await cluster.until(async () => (await readyReplicas(cluster)) === 5);
  cluster.setProgram('web-app:2.0', { runs: [{ exit: { afterMs: 500, code: 1 } }] });
  const containers = [{ name: 'web', image: 'web-app:2.0' }];
  await cluster.client.patch(
    'deployment',
    'web-app',
    { spec: { template: { spec: { containers } } } },
    { type: 'strategic' },
  );
  const startMs = cluster.now();
  await cluster.until(
    async () => {
      assert.ok((await readyReplicas(cluster)) >= 4);
      const { status } = await cluster.get('deployment/web-app');
      return (
        status?.conditions?.find(({ type }) => type === 'Progressing')?.reason === 'ProgressDeadlineExceeded'
      );
    },
    { within: '15m' },
  );
  const minutes = (cluster.now() - startMs) / 60_000;
  assert.ok(minutes > 9.9 && minutes < 10.5, `after ${minutes} minutes`);
});
