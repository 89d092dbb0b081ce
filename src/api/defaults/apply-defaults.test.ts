import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, StatefulSet } from '../generated/apps-v1.ts';
import type { HorizontalPodAutoscaler } from '../generated/autoscaling-v2.ts';
import type { Job } from '../generated/batch-v1.ts';
import type { LimitRange, PersistentVolume, Pod, Secret, Service } from '../generated/core-v1.ts';
import type { ResourceClaim } from '../generated/resource-v1.ts';
import type { CSIDriver } from '../generated/storage-v1.ts';
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

test('applyDefaults opens ports of the host’s network in Pods, and leaves templates as they were written', () => {
  const spec = { hostNetwork: true, containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] };
  const portOf = ({ containers }: Pod['spec']) => containers[0]?.ports?.[0]?.hostPort;
  assert.equal(portOf(defaulted<Pod>('v1', 'Pod', { spec: structuredClone(spec) }).spec), 80);
  const deployment = defaulted<Deployment>('apps/v1', 'Deployment', { spec: { template: { spec } } });
  assert.equal(portOf(deployment.spec.template.spec!), undefined);
});

test('applyDefaults fills in sources of volumes, in Pods and by themselves', () => {
  const iscsi = { targetPortal: 'a', iqn: 'b', lun: 0 };
  const volumes = [
    { name: 'a', iscsi: { ...iscsi } },
    { name: 'b', image: { reference: 'data:1' } },
    { name: 'c', azureDisk: { diskName: 'a', diskURI: 'b', kind: 'Managed' } },
  ];
  const pod = defaulted<Pod>('v1', 'Pod', { spec: { containers: [], volumes } });
  assert.deepEqual(pod.spec.volumes, [
    { name: 'a', iscsi: { ...iscsi, iscsiInterface: 'default' } },
    { name: 'b', image: { reference: 'data:1', pullPolicy: 'IfNotPresent' } },
    {
      name: 'c',
      azureDisk: {
        diskName: 'a',
        diskURI: 'b',
        kind: 'Managed',
        cachingMode: 'ReadWrite',
        fsType: 'ext4',
        readOnly: false,
      },
    },
  ]);
  const volume = defaulted<PersistentVolume>('v1', 'PersistentVolume', { spec: { iscsi: { ...iscsi } } });
  assert.equal(volume.spec.iscsi?.iscsiInterface, 'default');
});

test('applyDefaults completes the scaling rules of an autoscaler that has any', () => {
  const { spec } = defaulted<HorizontalPodAutoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler', {
    spec: { maxReplicas: 3, behavior: { scaleUp: { stabilizationWindowSeconds: 30 } } },
  });
  const doubled = { type: 'Percent', value: 100, periodSeconds: 15 };
  assert.deepEqual(spec.behavior, {
    scaleUp: {
      stabilizationWindowSeconds: 30,
      selectPolicy: 'Max',
      policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, doubled],
    },
    scaleDown: { selectPolicy: 'Max', policies: [doubled] },
  });
});

test('applyDefaults gives the templates of claims their kind and their state', () => {
  const { spec } = defaulted<StatefulSet>('apps/v1', 'StatefulSet', {
    spec: {
      updateStrategy: { type: 'RollingUpdate' },
      template: { spec: {} },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    },
  });
  const kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' } };
  assert.deepEqual(spec.volumeClaimTemplates, [
    { ...kind, spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } },
  ]);
  assert.deepEqual(spec.updateStrategy, { type: 'RollingUpdate' });
});

test('applyDefaults tells what a CSI driver is that says nothing', () => {
  const { spec } = defaulted<CSIDriver>('storage.k8s.io/v1', 'CSIDriver', { spec: {} });
  assert.deepEqual(spec, {
    attachRequired: true,
    fsGroupPolicy: 'ReadWriteOnceWithFSType',
    podInfoOnMount: false,
    requiresRepublish: false,
    seLinuxMount: false,
    storageCapacity: false,
    volumeLifecycleModes: ['Persistent'],
  });
});

test('applyDefaults labels a Job as its Pods, unless it has labels of its own', () => {
  const template = { metadata: { labels: { app: 'a' } }, spec: {} };
  assert.deepEqual(defaulted<Job>('batch/v1', 'Job', { spec: { template } }).metadata.labels, { app: 'a' });
});

test('applyDefaults fills in what a ResourceClaim asks for and was given', () => {
  const key = 'a';
  const request = { deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 };
  const claim = (tolerations: object[], exactly: object) => ({
    spec: { devices: { requests: [{ name: 'gpu', exactly: { ...exactly, tolerations } }] } },
    status: { allocation: { devices: { results: [{ tolerations }] } } },
  });
  const sent = claim([{ key }, { operator: 'Exists' }], { deviceClassName: 'gpu' });
  const { spec, status } = defaulted<ResourceClaim>('resource.k8s.io/v1', 'ResourceClaim', sent);
  const filled = claim([{ key, operator: 'Equal' }, { operator: 'Exists' }], request);
  assert.deepEqual({ spec, status }, filled);
});

test('applyDefaults leaves a claim template without a claim to validation', () => {
  const volumes = [{ name: 'a', ephemeral: { volumeClaimTemplate: {} } }];
  const { spec } = defaulted<Pod>('v1', 'Pod', { spec: { containers: [], volumes } });
  assert.deepEqual(spec.volumes, volumes);
});
