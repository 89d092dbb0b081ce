/** A controller under test, in the cluster's own time: two hours pass in milliseconds, and it can be crashed meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCluster } from 'kintsugi/testing';
import { expireConfigMaps, TTL_ANNOTATION } from './expiry-controller.ts';

const expiring = (name: string, ttlSeconds: number) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { name, annotations: { [TTL_ANNOTATION]: String(ttlSeconds) } },
});

test('expireConfigMaps deletes what has lived long enough, and nothing else', async () => {
  await using cluster = await startCluster({ nodes: 0 });
  cluster.run(expireConfigMaps);
  await cluster.client.create(expiring('short', 60));
  await cluster.client.create(expiring('long', 7200));
  await cluster.advance('2m');
  assert.equal(await cluster.find('configmap/short'), undefined);
  assert.ok(await cluster.find('configmap/long'));
  await cluster.advance('2h');
  assert.equal(await cluster.find('configmap/long'), undefined);
});

test('expireConfigMaps goes on after its own crash, and after one of the API server', async () => {
  await using cluster = await startCluster({ nodes: 0 });
  cluster.run(expireConfigMaps, { name: 'expiry' });
  await cluster.client.create(expiring('first', 60));
  await cluster.crash('expiry');
  await cluster.until(async () => (await cluster.find('configmap/first')) === undefined);
  await cluster.client.create(expiring('second', 60));
  await cluster.crash('server');
  await cluster.until(async () => (await cluster.find('configmap/second')) === undefined);
});

test('expireConfigMaps may do no more than its role allows', async () => {
  await using cluster = await startCluster({ nodes: 0 });
  cluster.run(expireConfigMaps, { as: { user: 'system:serviceaccount:default:expiry' } });
  await cluster.client.create(expiring('kept', 60));
  await cluster.advance('10m');
  assert.ok(await cluster.find('configmap/kept'));
});
