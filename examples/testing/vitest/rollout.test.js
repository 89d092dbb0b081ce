// The same in vitest, in plain JavaScript: `npm install && npx vitest run` in this folder.
import { startCluster } from 'kintsugi/testing';
import { afterEach, expect, test } from 'vitest';

const manifests = new URL('../../web-app/web-app.yaml', import.meta.url);
let cluster;

afterEach(() => cluster.stop());

test('scaling web-app up takes seconds, and no copy is restarted', async () => {
  cluster = await startCluster({ nodes: 3, manifests });
  const ready = async (count) => (await cluster.get('deployment/web-app')).status?.readyReplicas === count;
  await cluster.until(() => ready(5));
  const startMs = cluster.now();
  await cluster.client.scale('deployment', 'web-app', 12);
  await cluster.until(() => ready(12));
  expect(cluster.now() - startMs).toBeLessThan(10_000);
  const pods = await cluster.client.list('pods', { labelSelector: 'app=web-app' });
  expect(pods.map(({ status }) => status.containerStatuses[0].restartCount)).toEqual(Array(12).fill(0));
});
