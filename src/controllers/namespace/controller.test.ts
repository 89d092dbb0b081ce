import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { APIService } from '../../api/generated/apiregistration-v1.ts';
import type { ConfigMap, Namespace, Pod } from '../../api/generated/core-v1.ts';
import { API_SERVICES, allResources, CONFIG_MAPS, NAMESPACES, PODS } from '../../api/resources.ts';
import { type ControllerBench, newControllerBench } from '../../simulation/controller-bench.ts';
import { newNamespaceController } from './controller.ts';

const never = new AbortController().signal;

const newBench = () =>
  newControllerBench({
    seed: 1,
    controllers: [(context) => newNamespaceController(context, allResources())],
  });

async function fill({ client }: ControllerBench, finalizers: string[] = []): Promise<Pod> {
  await client.create<Namespace>(
    NAMESPACES,
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop' },
      spec: { finalizers: ['kubernetes'] },
    },
    never,
  );
  for (const name of ['a', 'b']) {
    await client.create<ConfigMap>(
      CONFIG_MAPS,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', finalizers } },
      never,
    );
  }
  return client.create<Pod>(
    PODS,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'shop' },
      spec: { nodeName: 'n', containers: [] },
    },
    never,
  );
}

const conditionOf = ({ api }: ControllerBench, type: string) =>
  api.objects<Namespace>(NAMESPACES)[0]?.status?.conditions?.find((condition) => condition.type === type);

test('newNamespaceController deletes Pods first, then everything, then the namespace', async () => {
  const bench = newBench();
  const pod = await fill(bench);
  await bench.client.delete(NAMESPACES, { name: 'shop' }, {}, never);
  await bench.clock.advance(3000);
  equal(bench.api.objects<Namespace>(NAMESPACES)[0]?.status?.phase, 'Terminating');
  equal(bench.api.objects(CONFIG_MAPS).length, 2);
  const remaining = conditionOf(bench, 'NamespaceContentRemaining');
  deepEqual(
    [remaining?.status, remaining?.reason, remaining?.message],
    ['True', 'SomeResourcesRemain', 'Some resources are remaining: pods. has 1 resource instances'],
  );
  bench.api.finish(pod, PODS);
  await bench.clock.advance(100);
  deepEqual(bench.api.objects(CONFIG_MAPS), []);
  deepEqual(bench.api.objects(NAMESPACES), []);
  await bench.end();
});

test('newNamespaceController says which finalizers hold the content, and goes on when they are gone', async () => {
  const bench = newBench();
  const pod = await fill(bench, ['example.com/hold']);
  await bench.client.delete(NAMESPACES, { name: 'shop' }, {}, never);
  await bench.clock.advance(100);
  bench.api.finish(pod, PODS);
  await bench.clock.advance(1000);
  equal(
    conditionOf(bench, 'NamespaceFinalizersRemaining')?.message,
    'Some content in the namespace has finalizers remaining: example.com/hold in 2 resource instances',
  );
  for (const { metadata } of bench.api.objects<ConfigMap>(CONFIG_MAPS)) {
    const target = { namespace: 'shop', name: metadata.name };
    const body = { metadata: { finalizers: [] } };
    await bench.client.patch(CONFIG_MAPS, target, { type: 'merge', body }, never);
  }
  await bench.clock.advance(20_000);
  deepEqual(bench.api.objects(NAMESPACES), []);
  await bench.end();
});

test('newNamespaceController leaves a namespace alone that is not being deleted', async () => {
  const bench = newBench();
  await fill(bench);
  const writes = bench.api.writes.length;
  await bench.clock.advance(3_600_000);
  equal(bench.api.writes.length, writes);
  await bench.end();
});

test('newNamespaceController keeps a namespace while an extension cannot say what is in it', async () => {
  const bench = newBench();
  const pod = await fill(bench);
  const service = { namespace: 'shop', name: 'api' };
  const spec = { group: 'x.io', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1, service };
  const apiService = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', spec } as const;
  await bench.client.create<APIService>(
    API_SERVICES,
    { ...apiService, metadata: { name: 'v1.x.io' } },
    never,
  );
  await bench.client.delete(NAMESPACES, { name: 'shop' }, {}, never);
  await bench.client.delete(
    PODS,
    { namespace: 'shop', name: pod.metadata.name },
    { gracePeriodSeconds: 0 },
    never,
  );
  await bench.clock.advance(3000);
  equal(bench.api.objects(CONFIG_MAPS).length, 0);
  const failed = conditionOf(bench, 'NamespaceDeletionDiscoveryFailure');
  deepEqual(
    [failed?.status, failed?.reason, failed?.message],
    [
      'True',
      'DiscoveryFailed',
      'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: x.io/v1: stale GroupVersion discovery: x.io/v1',
    ],
  );
  await bench.client.delete(API_SERVICES, { name: 'v1.x.io' }, {}, never);
  await bench.clock.advance(15_000);
  equal(bench.api.objects(NAMESPACES).length, 0);
});
