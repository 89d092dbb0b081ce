/** The official client library for JavaScript: typed calls, watches and informers, as other programs use them. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import type * as k8s from '@kubernetes/client-node';
import { eventually } from '../tools/eventually.ts';
import { startServerFor } from '../tools/server-process.ts';

const skip = isInstalled() ? false : '@kubernetes/client-node is not installed';
const library = skip === false ? await import('@kubernetes/client-node') : undefined;
const server = skip === false ? await startServerFor({ after }) : undefined;

function isInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('@kubernetes/client-node');
    return true;
  } catch {
    return false; // a development dependency
  }
}

function connect(): { config: k8s.KubeConfig; core: k8s.CoreV1Api; apps: k8s.AppsV1Api } {
  const config = new library!.KubeConfig();
  config.loadFromFile(server!.kubeconfig);
  return {
    config,
    core: config.makeApiClient(library!.CoreV1Api),
    apps: config.makeApiClient(library!.AppsV1Api),
  };
}

const namespace = 'default';
const configMap = (name: string, data: Record<string, string> = {}) => ({ metadata: { name }, data });

test('CoreV1Api creates, reads, replaces, lists and deletes', { skip }, async () => {
  const { core } = connect();
  const created = await core.createNamespacedConfigMap({ namespace, body: configMap('typed', { a: '1' }) });
  assert.ok(created.metadata?.creationTimestamp instanceof Date);
  const read = await core.readNamespacedConfigMap({ namespace, name: 'typed' });
  assert.deepEqual(read, created);
  const replaced = await core.replaceNamespacedConfigMap({
    namespace,
    name: 'typed',
    body: { metadata: read.metadata!, data: { a: '2' } },
  });
  assert.deepEqual(replaced.data, { a: '2' });
  await assert.rejects(
    core.replaceNamespacedConfigMap({
      namespace,
      name: 'typed',
      body: { metadata: read.metadata!, data: { a: '3' } },
    }),
    (error: k8s.ApiException<string>) =>
      error.code === 409 && /the object has been modified/.test(String(error.body)),
  );
  const list = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=typed' });
  assert.deepEqual(
    list.items.map((item) => item.metadata?.name),
    ['typed'],
  );
  await core.deleteNamespacedConfigMap({ namespace, name: 'typed' });
  await assert.rejects(core.readNamespacedConfigMap({ namespace, name: 'typed' }), { code: 404 });
});

test('AppsV1Api scales through the subresource', { skip }, async () => {
  const { apps } = connect();
  const labels = { app: 'scaled' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'main' }] } };
  const body = {
    metadata: { name: 'scaled' },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  };
  await apps.createNamespacedDeployment({ namespace, body });
  const scale = await apps.readNamespacedDeploymentScale({ namespace, name: 'scaled' });
  assert.equal(scale.spec?.replicas, 1);
  await apps.replaceNamespacedDeploymentScale({
    namespace,
    name: 'scaled',
    body: { metadata: { name: 'scaled', namespace }, spec: { replicas: 2 } },
  });
  await eventually(async () => {
    assert.equal((await apps.readNamespacedDeployment({ namespace, name: 'scaled' })).status?.replicas, 2);
  });
});

test('Watch tells of each change once, in order, and resumes from a revision', { skip }, async () => {
  const { config, core } = connect();
  const { metadata } = await core.listNamespacedConfigMap({ namespace });
  const seen: string[] = [];
  let last = metadata!.resourceVersion!;
  const watch = async () => {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    return new library!.Watch(config).watch(
      path,
      { resourceVersion: last, allowWatchBookmarks: true },
      (phase, object: k8s.V1ConfigMap) => {
        last = object.metadata!.resourceVersion!;
        seen.push(`${phase} ${object.metadata!.name} ${object.data?.['a'] ?? ''}`.trim());
      },
      () => {},
    );
  };
  const first = await watch();
  await core.createNamespacedConfigMap({ namespace, body: configMap('watched', { a: '1' }) });
  await eventually(async () => assert.deepEqual(seen, ['ADDED watched 1']));
  first.abort();
  await core.replaceNamespacedConfigMap({
    namespace,
    name: 'watched',
    body: configMap('watched', { a: '2' }),
  });
  const second = await watch();
  await core.deleteNamespacedConfigMap({ namespace, name: 'watched' });
  await eventually(async () => {
    assert.deepEqual(seen, ['ADDED watched 1', 'MODIFIED watched 2', 'DELETED watched 2']);
  });
  second.abort();
});

test('makeInformer keeps a cache that follows the server', { skip }, async () => {
  const { config, core } = connect();
  const labelSelector = 'app=informed';
  const informer = library!.makeInformer(
    config,
    `/api/v1/namespaces/${namespace}/configmaps`,
    () => core.listNamespacedConfigMap({ namespace, labelSelector }),
    labelSelector,
  );
  const told: string[] = [];
  for (const verb of ['add', 'update', 'delete'] as const) {
    informer.on(verb, (object) => told.push(`${verb} ${object.metadata!.name}`));
  }
  const body = { metadata: { name: 'a', labels: { app: 'informed' } } };
  await core.createNamespacedConfigMap({ namespace, body });
  await informer.start();
  try {
    await eventually(async () => assert.deepEqual(told, ['add a']));
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { ...body.metadata, name: 'b' } } });
    await core.replaceNamespacedConfigMap({ namespace, name: 'a', body: { ...body, data: { x: 'y' } } });
    await core.deleteNamespacedConfigMap({ namespace, name: 'b' });
    await eventually(async () => assert.deepEqual(told, ['add a', 'add b', 'update a', 'delete b']));
    assert.deepEqual(
      informer.list().map((object) => object.data),
      [{ x: 'y' }],
    );
  } finally {
    await informer.stop();
  }
});
