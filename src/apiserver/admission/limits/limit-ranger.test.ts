import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, LimitRangeItem, Pod, PodSpec } from '../../../api/generated/core-v1.ts';
import { podUsage } from '../../../api/pod-usage.ts';
import { newSimulatedApiServer, PODS_URL, pod } from '../../../simulation/sim-api-server.ts';
import { defaultPodResources, podProblems } from './limit-ranger.ts';

const NAMESPACE_URL = '/api/v1/namespaces/default';

function sized(name: string, requests: Record<string, string>, rest: Partial<Container> = {}): Container {
  return { name, resources: { requests }, ...rest };
}

function podOf(spec: PodSpec): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec } as unknown as Pod;
}

test('podUsage sums containers and sidecars, and takes an init container that needs more', () => {
  const requests = (spec: PodSpec) => podUsage(spec).requests;
  deepEqual(requests({ containers: [sized('a', { cpu: '500m' }), sized('b', { cpu: '1' })] }), {
    cpu: '1500m',
  });
  deepEqual(requests({ containers: [sized('a', { memory: '1Gi' }), sized('b', { memory: '512Mi' })] }), {
    memory: '1536Mi',
  });
  deepEqual(requests({ containers: [sized('a', { memory: '0' }), sized('b', { memory: '1Gi' })] }), {
    memory: '1Gi',
  });
  const always = { restartPolicy: 'Always' };
  const initContainers = [
    sized('early', { cpu: '3' }),
    sized('sidecar', { cpu: '1' }, always),
    sized('late', { cpu: '3' }),
  ];
  deepEqual(requests({ initContainers, containers: [sized('a', { cpu: '2' })] }), { cpu: '4' });
  deepEqual(requests({ initContainers, containers: [sized('a', { cpu: '5' })] }), { cpu: '6' });
});

test('podUsage lets the Pod’s own CPU and memory count', () => {
  const containers = [sized('a', { cpu: '1', 'example.com/gpu': '1' })];
  const resources = { requests: { cpu: '4', 'example.com/gpu': '4' } };
  deepEqual(podUsage({ containers, resources }).requests, { cpu: '4', 'example.com/gpu': '1' });
});

test('defaultPodResources fills what containers leave open and says so', () => {
  const one = podOf({
    containers: [{ name: 'bare' }, sized('sized', { cpu: '2', memory: '1Gi' }, {})],
    initContainers: [{ name: 'early' }],
  });
  const limits: LimitRangeItem[] = [
    { type: 'Container', default: { cpu: '1' }, defaultRequest: { memory: '64Mi', cpu: '100m' } },
    { type: 'Pod', default: { cpu: '9' } },
  ];
  defaultPodResources(one, limits);
  const filled = { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1' } };
  deepEqual(
    one.spec.containers.map(({ resources }) => resources),
    [filled, { requests: { cpu: '2', memory: '1Gi' }, limits: { cpu: '1' } }],
  );
  deepEqual(one.spec.initContainers?.[0]?.resources, filled);
  equal(
    one.metadata.annotations?.['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu, memory request for container bare; cpu limit for container bare; ' +
      'cpu limit for container sized; cpu, memory request for init container early; cpu limit for init container early',
  );
});

test('podProblems holds each container and the whole Pod to their items', () => {
  const { spec } = podOf({ containers: [sized('a', { cpu: '2' }), sized('b', { cpu: '2' })] });
  const max = { cpu: '3' };
  deepEqual(podProblems(podOf(spec), [{ type: 'Container', min: max }]), [
    'minimum cpu usage per Container is 3, but request is 2',
    'minimum cpu usage per Container is 3, but request is 2',
  ]);
  deepEqual(podProblems(podOf(spec), [{ type: 'Pod', min: { cpu: '5' } }]), [
    'minimum cpu usage per Pod is 5, but request is 4',
  ]);
});

test('limitRanger gives Pods of a namespace their defaults and refuses what is out of bounds', async () => {
  const { call } = await newSimulatedApiServer();
  const limits = [
    { type: 'Container', max: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '100m' } },
    { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } },
  ];
  const range = { metadata: { name: 'bounds' }, spec: { limits } };
  equal((await call('POST', `${NAMESPACE_URL}/limitranges`, range)).status, 201);
  const created = await call('POST', PODS_URL, pod('web'));
  deepEqual(created.value.spec.containers[0].resources, {
    requests: { cpu: '100m', memory: '1Gi' },
    limits: { cpu: '1', memory: '1Gi' },
  });
  const big = { name: 'main', image: 'web', resources: { limits: { cpu: '2', memory: '2Gi' } } };
  const refused = await call('POST', PODS_URL, pod('big', { containers: [big] }));
  deepEqual(
    [refused.status, refused.value.message],
    [
      403,
      'pods "big" is forbidden: [maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 1Gi, but limit is 2Gi]',
    ],
  );
  const claim = await call('POST', `${NAMESPACE_URL}/persistentvolumeclaims`, {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } },
  });
  equal(
    claim.value.message,
    'persistentvolumeclaims "data" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
  );
});

test('limitRanger leaves a Pod alone once it exists, but for a resize', async () => {
  const { call } = await newSimulatedApiServer();
  const resources = { requests: { cpu: '1' }, limits: { cpu: '1' } };
  await call('POST', PODS_URL, pod('web', { containers: [{ name: 'main', image: 'web', resources }] }));
  const range = {
    metadata: { name: 'bounds' },
    spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] },
  };
  await call('POST', `${NAMESPACE_URL}/limitranges`, range);
  const merge = { 'content-type': 'application/strategic-merge-patch+json' };
  const labels = { metadata: { labels: { x: 'y' } } };
  const labelled = await call('PATCH', `${PODS_URL}/web`, labels, merge);
  deepEqual([labelled.status, labelled.value.spec.containers[0].resources], [200, resources]);
  const containers = [{ name: 'main', resources: { limits: { cpu: '2' } } }];
  const resized = await call('PATCH', `${PODS_URL}/web/resize`, { spec: { containers } }, merge);
  deepEqual(
    [resized.status, resized.value.message],
    [403, 'pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2'],
  );
});
