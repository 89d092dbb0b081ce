import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../api/meta.ts';
import { allResources, PODS, type ResourceRef } from '../api/resources.ts';
import { hasReason } from '../base/status-error.ts';
import type { Kinds, ShortNames } from './kinds.ts';
import { KnownKinds } from './known-kinds.ts';
import { newCluster, untilReady, WEB } from './testing.fixture.ts';

const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: '1' } } as const;

test('ClusterClient creates, reads, changes and deletes by the words of kubectl', async (t) => {
  const { client } = await newCluster(t, { nodes: 0 });
  const created = await client.create(configMap);
  equal(created.metadata.namespace, 'default');
  equal((await client.get('cm', 'a')).data?.['x'], '1');
  equal((await client.get('ConfigMap', 'default/a')).metadata.uid, created.metadata.uid);
  const edited = await client.edit('configmaps', { namespace: 'default', name: 'a' }, (map) => {
    map.data = { x: '2' };
  });
  equal(edited.data?.['x'], '2');
  await rejects(client.update({ ...created, data: {} }), (error) => hasReason(error, 'Conflict'));
  await client.update({ ...edited, data: { x: '3' } });
  const patched = await client.patch('cm', 'a', [{ op: 'replace', path: '/data/x', value: '4' }], {
    type: 'json',
  });
  equal(patched.data?.['x'], '4');
  await client.delete('configmap', 'a');
  equal(await client.find('configmap', 'a'), undefined);
  await rejects(client.get('configmap', 'a'), (error) => hasReason(error, 'NotFound'));
});

test('ClusterClient edits again what somebody else was faster to change', async (t) => {
  const { client } = await newCluster(t, { nodes: 0 });
  await client.create(configMap);
  await Promise.all(
    ['1', '2', '3'].map((key) =>
      client.edit('cm', 'a', (map) => {
        map.data = { ...map.data, [key]: 'here' };
      }),
    ),
  );
  deepEqual((await client.get('cm', 'a')).data, { '1': 'here', '2': 'here', '3': 'here', x: '1' });
});

test('ClusterClient lists and watches what is selected, and deletes it', async (t) => {
  const { client } = await newCluster(t, { nodes: 0 });
  const labelled = (name: string, app: string) =>
    client.create({ ...configMap, metadata: { name, labels: { app } } });
  await labelled('a', 'x');
  const seen: string[] = [];
  const watching = (async () => {
    for await (const { type, object } of client.watch('configmaps', { labelSelector: 'app=x' })) {
      seen.push(`${type} ${object.metadata.name}`);
      if (seen.length === 3) return;
    }
  })();
  await labelled('b', 'y');
  await labelled('c', 'x');
  await client.deleteAll('configmaps', { namespace: 'default', labelSelector: 'app=x' });
  await watching;
  deepEqual(seen, ['ADDED a', 'ADDED c', 'DELETED a']);
  const left = await client.list('configmaps', { labelSelector: 'app' });
  deepEqual(
    left.map(({ metadata }) => metadata.name),
    ['b'],
  );
});

test('ClusterClient reads logs, evicts within budgets, and speaks as whom it is told', async (t) => {
  const log = [{ afterMs: 0, line: 'hello' }];
  const cluster = await newCluster(t, {
    manifests: WEB,
    programs: { web: { preloaded: true, runs: [{ log }] } },
  });
  await untilReady(cluster);
  const [pod] = await cluster.client.list('pods');
  const { name } = pod!.metadata;
  equal(await cluster.client.logs(name), 'hello\n');
  await rejects(cluster.client.logs(name, { previous: true }), /previous terminated container "web" in pod/);
  await cluster.client.create({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web' },
    spec: { minAvailable: 3, selector: { matchLabels: { app: 'web' } } },
  });
  await cluster.advance('1s');
  await rejects(cluster.client.evict(name), (error) => hasReason(error, 'TooManyRequests'));
  await rejects(cluster.clientFor({ user: 'jane' }).list('pods'), /User "jane" cannot list resource "pods"/);
  equal((await cluster.clientFor({ user: 'jane', groups: ['system:masters'] }).list('pods')).length, 3);
  await cluster.crash('node-1/agent');
  await rejects(cluster.client.logs(name), /dial tcp 11\.1\.255\.254:10250: connect: connection refused/);
  await cluster.kill('node-1');
  await rejects(cluster.client.logs(name), /no route to host/);
});

/** Of a cluster without CustomResourceDefinitions. */
const kinds = new KnownKinds({ objects: () => [] });

test('KnownKinds knows every word, and what was meant by another', () => {
  equal(kinds.resolve(PODS), PODS);
  equal(kinds.resolve('po').resource, 'pods');
  match(
    messageOf(() => kinds.resolve('deploymnet')),
    /there is no kind "deploymnet"; did you mean "deployment"\?/,
  );
  match(
    messageOf(() => kinds.resolve('frobnicator')),
    /^there is no kind "frobnicator"$/,
  );
});

const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { size: { type: 'integer', minimum: 1 } } },
            },
          },
        },
      },
    ],
  },
};
const widget = (name: string, size: number) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name, namespace: 'default' },
  spec: { size },
});

test('ClusterClient knows the kinds of CustomResourceDefinitions as soon as they are applied', async (t) => {
  const cluster = await newCluster(t, { nodes: 0, manifests: [WIDGETS, widget('a', 1)] });
  const { client } = cluster;
  deepEqual((await cluster.get('widget/a'))['spec'], { size: 1 });
  deepEqual((await client.get('wd', 'a'))['spec'], { size: 1 });
  equal((await client.list('widgets.example.com')).length, 1);
  interface Widget extends KubeObject {
    spec: { size: number };
  }
  const widgets: ResourceRef<Widget> = {
    group: 'example.com',
    version: 'v1',
    resource: 'widgets',
    kind: 'Widget',
    namespaced: true,
  };
  await client.createAs(widgets, widget('b', 2));
  const changed = await client.edit(widgets, 'b', (object) => {
    object.spec.size = 3;
  });
  equal(changed.spec.size, 3);
  await rejects(
    cluster.apply(widget('c', 0)),
    /widget.example.com\/c: Widget.example.com "c" is invalid: spec.size/,
  );
  const waiting = cluster.until(() => client.find('widget', 'a').then((found) => found?.['status']), {
    within: 0,
  });
  await rejects(waiting, /OBJECT +SIZE\nwidget\/a +1\n/);
  await client.delete('crd', 'widgets.example.com');
  await cluster.advance('10s');
  await rejects(cluster.get('widget/a'), /there is no kind "widget"/);
});

/** By its type it holds what the interface has; the test, that the interface has everything. */
const KINDS: Record<keyof Kinds, true> = {
  ConfigMap: true,
  Endpoints: true,
  Event: true,
  LimitRange: true,
  Namespace: true,
  Node: true,
  PersistentVolume: true,
  PersistentVolumeClaim: true,
  Pod: true,
  PodTemplate: true,
  ReplicationController: true,
  ResourceQuota: true,
  Secret: true,
  Service: true,
  ServiceAccount: true,
  APIService: true,
  ControllerRevision: true,
  DaemonSet: true,
  Deployment: true,
  ReplicaSet: true,
  StatefulSet: true,
  HorizontalPodAutoscaler: true,
  CronJob: true,
  Job: true,
  CertificateSigningRequest: true,
  IPAddress: true,
  Ingress: true,
  IngressClass: true,
  NetworkPolicy: true,
  ServiceCIDR: true,
  PodDisruptionBudget: true,
  ClusterRole: true,
  ClusterRoleBinding: true,
  Role: true,
  RoleBinding: true,
  CSIDriver: true,
  CSINode: true,
  CSIStorageCapacity: true,
  StorageClass: true,
  VolumeAttachment: true,
  VolumeAttributesClass: true,
  MutatingAdmissionPolicy: true,
  MutatingAdmissionPolicyBinding: true,
  MutatingWebhookConfiguration: true,
  ValidatingAdmissionPolicy: true,
  ValidatingAdmissionPolicyBinding: true,
  ValidatingWebhookConfiguration: true,
  CustomResourceDefinition: true,
  PriorityClass: true,
  Lease: true,
  RuntimeClass: true,
  EndpointSlice: true,
  DeviceClass: true,
  ResourceClaim: true,
  ResourceClaimTemplate: true,
  ResourceSlice: true,
  FlowSchema: true,
  PriorityLevelConfiguration: true,
};

const SHORT: Record<keyof ShortNames, string> = {
  cm: 'ConfigMap',
  ep: 'Endpoints',
  ev: 'Event',
  ns: 'Namespace',
  no: 'Node',
  pv: 'PersistentVolume',
  pvc: 'PersistentVolumeClaim',
  po: 'Pod',
  sa: 'ServiceAccount',
  svc: 'Service',
  deploy: 'Deployment',
  ds: 'DaemonSet',
  rs: 'ReplicaSet',
  sts: 'StatefulSet',
  cj: 'CronJob',
  hpa: 'HorizontalPodAutoscaler',
  ing: 'Ingress',
  netpol: 'NetworkPolicy',
  pdb: 'PodDisruptionBudget',
  crd: 'CustomResourceDefinition',
} satisfies ShortNames;

test('Kinds: every stored kind has a type, under its kind, its singular and its plural', () => {
  const stored = allResources().filter(({ virtual }) => !virtual);
  deepEqual(Object.keys(KINDS).sort(), [...new Set(stored.map(({ kind }) => kind))].sort());
  for (const { kind, resource, singular } of stored) {
    equal(kinds.resolve(kind).kind, kind);
    equal(singular, kind.toLowerCase());
    equal(plural(singular), resource);
  }
  for (const [short, kind] of Object.entries(SHORT)) equal(kinds.resolve(short).kind, kind);
});

/** As the type `Plural` has it. */
function plural(singular: string): string {
  if (singular === 'endpoints') return singular;
  if (singular.endsWith('s')) return `${singular}es`;
  return singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it does not throw');
}
