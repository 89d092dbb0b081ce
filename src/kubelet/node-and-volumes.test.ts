import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../api/generated/coordination-v1.ts';
import type { Node } from '../api/generated/core-v1.ts';
import { CONFIG_MAPS } from '../api/resources.ts';
import { createPod, NODES, newTestNode, PODS } from './kubelet.fixture.ts';

const FOREVER = { preloaded: true, runs: [{}] };
const CONFIG = (color: string) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { name: 'conf', namespace: 'default' },
  data: { color },
});

test('NodeReporter registers the node and reports it ready', async () => {
  const node = await newTestNode({});
  await node.clock.advance(1000);
  const registered = node.api.objects.get('nodes/node-1') as unknown as Node;
  assert.equal(registered.metadata.labels?.['kubernetes.io/hostname'], 'node-1');
  const conditions = registered.status?.conditions?.map(
    ({ reason, status, type }) => `${type}=${status} ${reason}`,
  );
  assert.deepEqual(conditions, [
    'MemoryPressure=False KubeletHasSufficientMemory',
    'DiskPressure=False KubeletHasNoDiskPressure',
    'PIDPressure=False KubeletHasSufficientPID',
    'Ready=True KubeletReady',
  ]);
  await node.stop();
});

test('NodeReporter registers the node again when somebody has deleted it', async () => {
  const node = await newTestNode({});
  await node.clock.advance(1000);
  await node.api.delete(NODES, { name: 'node-1' }, {});
  await node.clock.advance(1000);
  assert.notEqual(node.api.objects.get('nodes/node-1'), undefined);
  await node.stop();
});

test('NodeReporter tells when the runtime is down, and when it is back', async () => {
  const node = await newTestNode({});
  await node.clock.advance(1000);
  const ready = () =>
    (node.api.objects.get('nodes/node-1') as unknown as Node).status?.conditions?.find(
      ({ type }) => type === 'Ready',
    );
  node.runtime.goDown('it crashed');
  await node.clock.advance(21_000);
  assert.equal(ready()?.status, 'False');
  assert.equal(ready()?.reason, 'KubeletNotReady');
  node.runtime.recover();
  await node.clock.advance(21_000);
  assert.equal(ready()?.status, 'True');
  await node.stop();
});

test('NodeReporter reports at once when its node was declared unknown', async () => {
  const node = await newTestNode({});
  await node.clock.advance(1000);
  const stored = () => node.api.objects.get('nodes/node-1') as unknown as Node;
  const conditions =
    stored().status?.conditions?.map((condition) => ({ ...condition, status: 'Unknown' })) ?? [];
  const patch = { type: 'strategic' as const, body: { status: { conditions } }, subresource: 'status' };
  await node.api.patch(NODES, { name: 'node-1' }, patch);
  await node.clock.advance(100);
  assert.deepEqual(
    stored().status?.conditions?.map(({ status }) => status),
    ['False', 'False', 'False', 'True'],
  );
  await node.stop();
});

test('runNodeLease renews every 10 s, owned by the Node', async () => {
  const node = await newTestNode({});
  const lease = () => node.api.objects.get('leases/kube-node-lease/node-1') as unknown as Lease;
  await node.clock.advance(1000);
  const first = lease().spec.renewTime;
  assert.equal(lease().spec.leaseDurationSeconds, 40);
  await node.clock.advance(10_000);
  assert.equal(Date.parse(lease().spec.renewTime ?? '') - Date.parse(first ?? ''), 10_000);
  assert.equal(lease().metadata.ownerReferences?.[0]?.name, 'node-1');
  await node.stop();
});

test('newKubelet waits for a ConfigMap, starts when it appears, and refreshes the files when it changes', async () => {
  const node = await newTestNode({ app: FOREVER });
  const volumes = [{ name: 'v', configMap: { name: 'conf' } }];
  await createPod(node, { volumes, containers: [{ volumeMounts: [{ name: 'v', mountPath: '/v' }] }] });
  await node.clock.advance(5000);
  assert.equal(node.pod().status?.containerStatuses?.[0]?.state?.waiting?.reason, 'ContainerCreating');
  const failure = 'MountVolume.SetUp failed for volume "v" : configmap "conf" not found';
  assert.equal(node.events$('FailedMount')[0], failure);
  await node.api.create(CONFIG_MAPS, CONFIG('blue'));
  await node.clock.advance(100);
  assert.equal(node.pod().status?.phase, 'Running');
  const path = '/var/pods/uid-of-web-1/volumes/kubernetes.io~configmap/v';
  assert.deepEqual(node.host.payload(path), { color: 'blue' });
  const changed = node.api.objects.get('configmaps/default/conf')!;
  await node.api.update(CONFIG_MAPS, { ...changed, data: { color: 'red' } } as never);
  await node.clock.advance(100);
  assert.deepEqual(node.host.payload(path), { color: 'red' });
  await node.stop();
});

test('newKubelet refreshes the volumes that it can when another one misses a key', async () => {
  const node = await newTestNode({ app: { preloaded: true, runs: [{}] } });
  const metadata = { name: 'conf', namespace: 'default' };
  const conf = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  await node.api.create(CONFIG_MAPS, { ...conf, data: { key: 'one', extra: '' } });
  const volumes = [
    { name: 'some', configMap: { name: 'conf', items: [{ key: 'extra', path: 'extra' }] } },
    { name: 'all', configMap: { name: 'conf' } },
  ];
  await createPod(node, { volumes, containers: [{}] });
  await node.clock.advance(5000);
  await node.api.update(CONFIG_MAPS, { ...conf, data: { key: 'two' } } as never);
  await node.clock.advance(5000);
  const path = '/var/pods/uid-of-web-1/volumes/kubernetes.io~configmap';
  assert.deepEqual(node.host.payload(`${path}/all`), { key: 'two' });
  assert.deepEqual(node.host.payload(`${path}/some`), { extra: '' });
  assert.ok(
    node.events$('FailedMount').some((message) => message.includes('non-existent config key: extra')),
  );
  await node.stop();
});

test('newKubelet shows CreateContainerConfigError until the missing key is there', async () => {
  const node = await newTestNode({ app: FOREVER });
  const env = [{ name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'conf', key: 'color' } } }];
  await createPod(node, { containers: [{ env }] });
  await node.clock.advance(1000);
  assert.deepEqual(node.pod().status?.containerStatuses?.[0]?.state?.waiting, {
    reason: 'CreateContainerConfigError',
    message: 'configmap "conf" not found',
  });
  await node.api.create(CONFIG_MAPS, CONFIG('blue'));
  await node.clock.advance(100);
  assert.equal(node.pod().status?.phase, 'Running');
  await node.stop();
});

test('newKubelet renews a projected token at 80 % of its life', async () => {
  const node = await newTestNode({ app: FOREVER });
  const sources = [{ serviceAccountToken: { path: 'token', expirationSeconds: 1000 } }];
  await createPod(node, { volumes: [{ name: 'v', projected: { sources } }], containers: [{}] });
  await node.clock.advance(799_000);
  const token = () =>
    node.host.payload('/var/pods/uid-of-web-1/volumes/kubernetes.io~projected/v')?.['token'];
  assert.match(token() ?? '', /at 2026-01-01T00:00:0\dZ/);
  await node.clock.advance(3_000);
  assert.match(token() ?? '', /at 2026-01-01T00:13:2\dZ/);
  await node.stop();
});

test('newKubelet ends containers whose Pod was removed while no agent ran', async () => {
  const node = await newTestNode({ app: FOREVER });
  await createPod(node, { terminationGracePeriodSeconds: 5, containers: [{}] });
  await node.clock.advance(1000);
  await node.stop();
  await node.api.delete(PODS, { namespace: 'default', name: 'web-1' }, { gracePeriodSeconds: 0 });
  await node.start();
  await node.clock.advance(6000);
  assert.deepEqual(await node.runtime.listPodSandboxes(new AbortController().signal), []);
  await node.stop();
});

test('newKubelet rejects a Pod that does not fit, with the reason', async () => {
  const node = await newTestNode({ app: FOREVER });
  await createPod(node, { containers: [{ resources: { requests: { cpu: '9' } } }] });
  await node.clock.advance(1000);
  assert.equal(node.pod().status?.phase, 'Failed');
  assert.equal(node.pod().status?.reason, 'OutOfcpu');
  await node.stop();
});

const NINE_TENTHS = [{ resources: { requests: { cpu: '3600m' } } }];

test('newKubelet has room again once the object of a Pod is gone, before its containers are', async () => {
  const runs = [{ onSignal: { SIGTERM: 'ignore' as const } }];
  const node = await newTestNode({ app: { preloaded: true, runs } });
  await createPod(node, { containers: NINE_TENTHS });
  await node.clock.advance(1000);
  await node.api.delete(PODS, { namespace: 'default', name: 'web-1' }, { gracePeriodSeconds: 0 });
  await createPod(node, { containers: NINE_TENTHS }, { name: 'web-2' });
  const both = await node.runtime.listContainers(new AbortController().signal);
  assert.equal(both.length, 2);
  await node.clock.advance(1000);
  assert.equal(node.pod('web-2').status?.phase, 'Running');
  await node.stop();
});

test('newKubelet does not count a Pod that it rejects', async () => {
  const node = await newTestNode({ app: FOREVER });
  const many = [...NINE_TENTHS, ...NINE_TENTHS].map((each, index) => ({ ...each, name: `c${index}` }));
  await Promise.all([
    createPod(node, { containers: many }, { name: 'too-large' }),
    createPod(node, { containers: NINE_TENTHS }, { name: 'fits' }),
  ]);
  await node.clock.advance(1000);
  const phases = ['too-large', 'fits'].map((name) => node.pod(name).status?.phase);
  assert.deepEqual(phases, ['Failed', 'Running']);
  await node.stop();
});

test('shutdownNode ends regular Pods first and critical ones last', async () => {
  const node = await newTestNode({
    app: { preloaded: true, runs: [{ onSignal: { SIGTERM: { afterMs: 3000, code: 0 } } }] },
  });
  await createPod(node, { containers: [{}] }, { name: 'regular' });
  await createPod(node, { priority: 2_000_001_000, containers: [{}] }, { name: 'critical' });
  await node.clock.advance(1000);
  const shutdown = node.kubelet.shutdownNode({ regular: 10, critical: 10 }, new AbortController().signal);
  await node.clock.advance(4000);
  assert.equal(node.pod('regular').status?.phase, 'Failed');
  assert.equal(node.pod('regular').status?.reason, 'Terminated');
  const disrupted = node.pod('regular').status?.conditions?.find(({ type }) => type === 'DisruptionTarget');
  assert.equal(disrupted?.reason, 'TerminationByKubelet');
  assert.equal(node.pod('critical').status?.phase, 'Running');
  await node.clock.advance(4000);
  assert.equal(node.pod('critical').status?.phase, 'Failed');
  await shutdown;
  await node.stop();
});

test('newKubelet kills a container whose postStart hook fails, and says so', async () => {
  const exec = () => ({ exitCode: 1 });
  const node = await newTestNode({ app: { preloaded: true, runs: [{ exec }] } });
  await createPod(node, { containers: [{ lifecycle: { postStart: { exec: { command: ['false'] } } } }] });
  await node.clock.advance(5000);
  assert.equal(node.events$('FailedPostStartHook')[0], 'PostStartHook failed');
  assert.equal(node.events$('Killing')[0], 'FailedPostStartHook');
  assert.equal(node.pod().status?.containerStatuses?.[0]?.ready, false);
  await node.stop();
});

test('newKubelet shows StartError and 128 for a command that does not exist', async () => {
  const node = await newTestNode({
    app: { preloaded: true, runs: [{ startError: 'exec: "nope": not found' }] },
  });
  await createPod(node, { containers: [{}] });
  await node.clock.advance(5000);
  const [status] = node.pod().status?.containerStatuses ?? [];
  assert.equal(status?.lastState?.terminated?.reason, 'StartError');
  assert.equal(status?.lastState?.terminated?.exitCode, 128);
  assert.equal(status?.state?.waiting?.reason, 'CrashLoopBackOff');
  await node.stop();
});

test('newKubelet makes everything again after the machine lost power', async () => {
  const node = await newTestNode({ app: FOREVER });
  await createPod(node, { containers: [{}] });
  await node.clock.advance(1000);
  await node.stop();
  node.runtime.powerOff();
  node.runtime.boot();
  await node.start();
  await node.clock.advance(60_000);
  const [status] = node.pod().status?.containerStatuses ?? [];
  assert.equal(node.pod().status?.phase, 'Running');
  assert.equal(status?.restartCount, 1);
  await node.stop();
});
