/** The JavaScript client library of the Kubernetes project, as it is, on a cluster that `kintsugi up` started. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import * as k8s from '@kubernetes/client-node';
import { eventually, SHELL, startUpCluster, type UpCluster, WEB_APP } from '../tools/up-cluster.ts';

const NAMESPACE = 'default';

let cluster: UpCluster;
const config = new k8s.KubeConfig();
before(async () => {
  cluster = await startUpCluster();
  config.loadFromFile(path.join(cluster.dataDir, 'kubeconfig'));
});
after(() => cluster?.[Symbol.asyncDispose]());

const ascending = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

const core = () => config.makeApiClient(k8s.CoreV1Api);
const apps = () => config.makeApiClient(k8s.AppsV1Api);

async function startPod(name: string, container: Omit<k8s.V1Container, 'name'>): Promise<void> {
  const body = { metadata: { name }, spec: { containers: [{ name: 'main', ...container }] } };
  await core().createNamespacedPod({ namespace: NAMESPACE, body });
  await eventually(`Pod ${name} is ready`, async () => {
    const { status } = await core().readNamespacedPod({ namespace: NAMESPACE, name });
    assert.ok(status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
  });
}

test('typed calls: create, read, list by label, replace, patch in each type, delete', async () => {
  const namespace = NAMESPACE;
  const name = 'words';
  const metadata = { name, labels: { kind: 'typed' } };
  const created = await core().createNamespacedConfigMap({ namespace, body: { metadata, data: { a: '1' } } });
  assert.ok(created.metadata?.creationTimestamp instanceof Date);
  const { items } = await core().listNamespacedConfigMap({ namespace, labelSelector: 'kind=typed' });
  assert.deepEqual(
    items.map(({ data }) => data),
    [{ a: '1' }],
  );
  const read = await core().readNamespacedConfigMap({ namespace, name });
  await core().replaceNamespacedConfigMap({
    namespace,
    name,
    body: Object.assign(read, { data: { a: '2' } }),
  });
  await assert.rejects(
    core().replaceNamespacedConfigMap({ namespace, name, body: Object.assign(read, { data: { a: '3' } }) }),
    (error: k8s.ApiException<string>) =>
      error.code === 409 && /the object has been modified/.test(error.body),
  );
  const patch = (strategy: string, body: unknown) =>
    core().patchNamespacedConfigMap(
      { namespace, name, body },
      k8s.setHeaderOptions('Content-Type', strategy),
    );
  await patch(k8s.PatchStrategy.MergePatch, { data: { b: '1' } });
  await patch(k8s.PatchStrategy.JsonPatch, [{ op: 'remove', path: '/data/a' }]);
  const patched = await patch(k8s.PatchStrategy.StrategicMergePatch, { data: { c: '1' } });
  assert.deepEqual(patched.data, { b: '1', c: '1' });
  assert.equal((await core().deleteNamespacedConfigMap({ namespace, name })).status, 'Success');
  await assert.rejects(
    core().readNamespacedConfigMap({ namespace, name }),
    (error: k8s.ApiException<string>) => error.code === 404,
  );
});

test('objects of any kind, applied by the server', async () => {
  const objects = k8s.KubernetesObjectApi.makeApiClient(config);
  const applied: k8s.V1ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'any' },
    data: { a: '1' },
  };
  const apply = () =>
    objects.patch(applied, undefined, undefined, 'us', true, k8s.PatchStrategy.ServerSideApply);
  assert.equal((await apply()).metadata?.managedFields?.[0]?.manager, 'us');
  const again = await apply();
  assert.equal(
    (await objects.read(applied as never)).metadata?.resourceVersion,
    again.metadata?.resourceVersion,
  );
  await objects.delete(applied);
});

test('an informer sees what comes, changes and goes; a watch ends with its request', async () => {
  const namespace = NAMESPACE;
  const list = () => core().listNamespacedConfigMap({ namespace, labelSelector: 'seen=yes' });
  const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list, 'seen=yes');
  const told: string[] = [];
  for (const verb of ['add', 'update', 'delete'] as const) {
    informer.on(verb, ({ metadata, data }) => told.push(`${verb} ${metadata?.name} ${data?.['n']}`));
  }
  await informer.start();
  const metadata = { name: 'seen', labels: { seen: 'yes' } };
  await core().createNamespacedConfigMap({ namespace, body: { metadata, data: { n: '1' } } });
  await core().replaceNamespacedConfigMap({ namespace, name: 'seen', body: { metadata, data: { n: '2' } } });
  await core().deleteNamespacedConfigMap({ namespace, name: 'seen' });
  await eventually('the informer has heard of everything', async () => {
    assert.deepEqual(told, ['add seen 1', 'update seen 2', 'delete seen 2']);
  });
  await informer.stop();
  const types = await new Promise<string[]>((resolve, reject) => {
    const seen: string[] = [];
    const query = { timeoutSeconds: 1, sendInitialEvents: true, allowWatchBookmarks: true };
    const options = { ...query, resourceVersionMatch: 'NotOlderThan' };
    new k8s.Watch(config)
      .watch(
        '/api/v1/namespaces',
        options,
        (type) => seen.push(type),
        (error) => (error ? reject(error) : resolve(seen)),
      )
      .catch(reject);
  });
  assert.ok(types.includes('ADDED') && types.at(-1) === 'BOOKMARK', types.join());
});

test('exec, with its output and exit code, and logs', async () => {
  await startPod('shell', { image: SHELL, command: ['sh', '-c', 'echo begun; exec sleep 1000'] });
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  const status = await new Promise<k8s.V1Status>((resolve, reject) => {
    const command = ['sh', '-c', 'echo out; exit 3'];
    new k8s.Exec(config)
      .exec(NAMESPACE, 'shell', 'main', command, output, null, null, false, resolve)
      .catch(reject);
  });
  assert.equal(Buffer.concat(chunks).toString(), 'out\n');
  assert.equal(status.status, 'Failure');
  assert.equal(status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message, '3');
  assert.equal(await core().readNamespacedPodLog({ namespace: NAMESPACE, name: 'shell' }), 'begun\n');
});

test('port-forward', async () => {
  await startPod('web', { image: WEB_APP, readinessProbe: { httpGet: { path: '/', port: 8080 } } });
  const forward = new k8s.PortForward(config);
  const server = createServer((socket) => {
    forward
      .portForward(NAMESPACE, 'web', [8080], socket, null, socket)
      .then((connection) => socket.on('close', () => (connection as unknown as WebSocket).close()))
      .catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    assert.equal(response.status, 200);
    assert.match(await response.text(), /web/);
  } finally {
    server.close();
  }
});

test('leader election by a Lease: of those who take it at once one has it', async () => {
  const leases = config.makeApiClient(k8s.CoordinationV1Api);
  const namespace = NAMESPACE;
  const name = 'leader';
  const spec = (holderIdentity: string) => ({
    holderIdentity,
    leaseDurationSeconds: 15,
    renewTime: new k8s.V1MicroTime(),
  });
  const attempt = async (take: Promise<unknown>) =>
    take.then(
      () => 1,
      (error: k8s.ApiException<string>) => error.code,
    );
  const candidates = ['a', 'b', 'c', 'd'];
  const created = await Promise.all(
    candidates.map((id) =>
      attempt(leases.createNamespacedLease({ namespace, body: { metadata: { name }, spec: spec(id) } })),
    ),
  );
  assert.deepEqual(ascending(created), [1, 409, 409, 409]);
  const lease = await leases.readNamespacedLease({ namespace, name });
  const taken = await Promise.all(
    candidates.map((id) =>
      attempt(
        leases.replaceNamespacedLease({
          namespace,
          name,
          body: Object.assign({}, lease, { spec: spec(id) }),
        }),
      ),
    ),
  );
  assert.deepEqual(ascending(taken), [1, 409, 409, 409]);
});

test('a Deployment is scaled through its subresource, and rolled out', async () => {
  const namespace = NAMESPACE;
  const labels = { app: 'rolled' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: SHELL }] } };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  await apps().createNamespacedDeployment({ namespace, body: { metadata: { name: 'rolled' }, spec } });
  await eventually('nobody else has written meanwhile', async () => {
    const scale = await apps().readNamespacedDeploymentScale({ namespace, name: 'rolled' });
    const body = Object.assign(scale, { spec: { replicas: 2 } });
    await apps().replaceNamespacedDeploymentScale({ namespace, name: 'rolled', body });
  });
  await eventually('both replicas are ready', async () => {
    const { status } = await apps().readNamespacedDeployment({ namespace, name: 'rolled' });
    assert.equal(status?.readyReplicas, 2);
  });
});
