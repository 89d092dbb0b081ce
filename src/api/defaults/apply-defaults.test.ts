import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment } from '../generated/apps-v1.ts';
import type { LimitRange, Pod, Secret, Service } from '../generated/core-v1.ts';
import { gvkOf, type KubeObject } from '../meta.ts';
import { schemaForKind } from '../schema.ts';
import { applyDefaults } from './apply-defaults.ts';

const META = {
  name: 'x',
  namespace: 'default',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
};

function defaulted<T>(apiVersion: string, kind: string, rest: object): T {
  const object = { apiVersion, kind, metadata: { ...META }, ...rest } as unknown as KubeObject;
  const schema = schemaForKind(gvkOf(object))!;
  applyDefaults(object, schema);
  const once = structuredClone(object);
  applyDefaults(object, schema);
  assert.deepEqual(object, once, 'applying twice changes nothing');
  return object as unknown as T;
}

test('applyDefaults fills in a Pod', () => {
  const pod = defaulted<Pod>('v1', 'Pod', {
    spec: {
      containers: [
        {
          name: 'a',
          image: 'web:1',
          resources: { limits: { memory: '64Mi', cpu: '1' }, requests: { cpu: '500m' } },
          ports: [{ containerPort: 80 }],
          livenessProbe: { httpGet: { port: 80 } },
          env: [{ name: 'E', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
        },
        { name: 'b', image: 'web' },
      ],
      volumes: [{ name: 'v' }, { name: 'c', configMap: { name: 'cm' } }],
      serviceAccount: 'robot',
    },
  });
  const [a, b] = pod.spec.containers;
  assert.equal(pod.spec.restartPolicy, 'Always');
  assert.equal(pod.spec.terminationGracePeriodSeconds, 30);
  assert.equal(pod.spec.serviceAccountName, 'robot');
  assert.equal(pod.spec.enableServiceLinks, true);
  assert.deepEqual(a!.resources!.requests, { memory: '64Mi', cpu: '500m' });
  assert.equal(a!.imagePullPolicy, 'IfNotPresent');
  assert.equal(b!.imagePullPolicy, 'Always');
  assert.deepEqual(a!.livenessProbe, {
    httpGet: { port: 80, path: '/', scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
  assert.equal(a!.ports![0]!.protocol, 'TCP');
  assert.deepEqual(pod.spec.volumes, [
    { name: 'v', emptyDir: {} },
    { name: 'c', configMap: { name: 'cm', defaultMode: 420 } },
  ]);
});

test('applyDefaults lets a Pod that is limited as a whole request what its containers do, and else its limit', () => {
  const pod = defaulted<Pod>('v1', 'Pod', {
    spec: {
      resources: { limits: { cpu: '4', memory: '1Gi', 'hugepages-2Mi': '2Mi' } },
      containers: [
        { name: 'a', resources: { requests: { cpu: '500m', 'example.com/gpu': '1' } } },
        { name: 'b', resources: { limits: { cpu: '1' } } },
      ],
    },
  });
  assert.deepEqual(pod.spec.resources?.requests, { cpu: '1500m', memory: '1Gi', 'hugepages-2Mi': '2Mi' });
});

test('applyDefaults fills in a Deployment and its template, and leaves a Recreate strategy alone', () => {
  const template = { metadata: {}, spec: { containers: [{ name: 'a', image: 'x' }] } };
  const deployment = defaulted<Deployment>('apps/v1', 'Deployment', { spec: { template } });
  assert.equal(deployment.spec.replicas, 1);
  assert.deepEqual(deployment.spec.strategy, {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
  });
  assert.equal(deployment.spec.progressDeadlineSeconds, 600);
  assert.equal(deployment.spec.template.spec!.dnsPolicy, 'ClusterFirst');
  const recreate = defaulted<Deployment>('apps/v1', 'Deployment', {
    spec: { template, strategy: { type: 'Recreate' } },
  });
  assert.deepEqual(recreate.spec.strategy, { type: 'Recreate' });
});

test('applyDefaults fills in a Service by its type', () => {
  const clusterIp = defaulted<Service>('v1', 'Service', { spec: { ports: [{ port: 80 }] } });
  assert.deepEqual(clusterIp.spec, {
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    sessionAffinity: 'None',
    type: 'ClusterIP',
    internalTrafficPolicy: 'Cluster',
  });
  const nodePort = defaulted<Service>('v1', 'Service', {
    spec: { type: 'NodePort', sessionAffinity: 'ClientIP', ports: [] },
  });
  assert.equal(nodePort.spec.externalTrafficPolicy, 'Cluster');
  assert.equal(nodePort.spec.sessionAffinityConfig!.clientIP!.timeoutSeconds, 10_800);
});

test('applyDefaults encodes stringData and survives objects without a spec', () => {
  const secret = defaulted<Secret>('v1', 'Secret', { data: { a: 'YQ==' }, stringData: { b: 'héllo' } });
  assert.deepEqual(secret.data, { a: 'YQ==', b: Buffer.from('héllo').toString('base64') });
  assert.equal(secret.type, 'Opaque');
  for (const kind of ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet']) defaulted('apps/v1', kind, {});
  for (const kind of ['Pod', 'Service', 'Namespace', 'Node', 'PersistentVolume', 'PersistentVolumeClaim'])
    defaulted('v1', kind, {});
  for (const kind of ['Job', 'CronJob']) defaulted('batch/v1', kind, {});
});

test('applyDefaults completes the limits of containers: the maximum, then the limit, then the minimum', () => {
  const limits = [
    { type: 'Container', max: { cpu: '2' }, min: { cpu: '1', memory: '1Gi' } },
    { type: 'Container', default: { cpu: '1' }, max: { cpu: '2' }, defaultRequest: { cpu: '500m' } },
    { type: 'Pod', max: { cpu: '2' } },
  ];
  const range = defaulted<LimitRange>('v1', 'LimitRange', { spec: { limits } });
  assert.deepEqual(
    range.spec.limits.map((item) => [item.default, item.defaultRequest]),
    [
      [{ cpu: '2' }, { cpu: '2', memory: '1Gi' }],
      [{ cpu: '1' }, { cpu: '500m' }],
      [undefined, undefined],
    ],
  );
});
