import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, ReplicationController } from '../../api/generated/core-v1.ts';
import type { NewObject } from '../../api/meta.ts';
import { isPodActive } from '../../api/pod-conditions.ts';
import { PODS, REPLICATION_CONTROLLERS } from '../../api/resources.ts';
import { type ControllerBench, newControllerBench } from '../../simulation/controller-bench.ts';
import { newReplicationController } from './controller.ts';

const never = new AbortController().signal;
const named = (name: string) => ({ namespace: 'default', name });
const activePods = ({ api }: ControllerBench): Pod[] => api.objects(PODS).filter(isPodActive);

async function newCluster(): Promise<ControllerBench> {
  const cluster = newControllerBench({ seed: 1, controllers: [newReplicationController] });
  const controller: NewObject<ReplicationController> = {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: named('web'),
    spec: {
      replicas: 2,
      selector: { app: 'web' },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'web' }] },
      },
    },
  };
  await cluster.client.create(REPLICATION_CONTROLLERS, controller, never);
  await cluster.clock.advance(1000);
  return cluster;
}

test('newReplicationController keeps its number of Pods and reports them', async () => {
  const cluster = await newCluster();
  const [first] = activePods(cluster);
  const [controller] = cluster.api.objects(REPLICATION_CONTROLLERS) as ReplicationController[];
  deepEqual(first!.metadata.ownerReferences, [
    {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      name: 'web',
      uid: controller!.metadata.uid,
      controller: true,
      blockOwnerDeletion: true,
    },
  ]);
  deepEqual(controller!.status, {
    replicas: 2,
    fullyLabeledReplicas: 2,
    readyReplicas: 0,
    availableReplicas: 0,
    observedGeneration: 1,
  });
  await cluster.client.delete(PODS, named(first!.metadata.name), {}, never);
  await cluster.clock.advance(1000);
  equal(activePods(cluster).length, 2);
  const revision = (cluster.api.objects(REPLICATION_CONTROLLERS)[0] as ReplicationController).metadata;
  await cluster.clock.advance(60_000);
  equal(cluster.api.objects(REPLICATION_CONTROLLERS)[0]!.metadata.resourceVersion, revision.resourceVersion);
  await cluster.end();
});

test('newReplicationController adopts what its selector matches and releases what it does not', async () => {
  const cluster = await newCluster();
  const [first] = activePods(cluster);
  const patch = { type: 'merge', body: { metadata: { labels: { app: 'other' } } } } as const;
  await cluster.client.patch(PODS, named(first!.metadata.name), patch, never);
  await cluster.clock.advance(1000);
  const released = activePods(cluster).find(({ metadata }) => metadata.uid === first!.metadata.uid);
  deepEqual(released!.metadata.ownerReferences ?? [], []);
  equal(activePods(cluster).length, 3);
  const spec = { containers: [{ name: 'web', image: 'web' }] };
  const orphan = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...named('orphan'), labels: { app: 'web' } },
    spec,
  } as const;
  await cluster.client.create<Pod>(PODS, orphan, never);
  await cluster.clock.advance(1000);
  const owned = activePods(cluster).filter(({ metadata }) => metadata.labels?.['app'] === 'web');
  deepEqual(
    owned.map(({ metadata }) => metadata.ownerReferences?.[0]?.name),
    ['web', 'web'],
  );
  await cluster.end();
});
