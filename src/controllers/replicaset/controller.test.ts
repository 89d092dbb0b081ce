import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { ApiRequest } from '../../api/message.ts';
import { isPodActive } from '../../api/pod-conditions.ts';
import { PODS, REPLICA_SETS } from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import {
  type ControllerBench,
  newControllerBench,
  WATCH_LAG_MAX_MS,
} from '../../simulation/controller-bench.ts';
import type { RequestFate } from '../../simulation/in-memory-api.ts';
import { newSeededRandom } from '../../simulation/sim-random.ts';
import { newReplicaSetController } from './controller.ts';

const never = new AbortController().signal;

interface TestClusterOptions {
  seed: number;
  lagged?: boolean;
  fateOf?: (request: ApiRequest) => RequestFate;
}

const newTestCluster = (options: TestClusterOptions) =>
  newControllerBench({ ...options, controllers: [newReplicaSetController] });

type TestCluster = ControllerBench;

function createReplicaSet({ client }: TestCluster, replicas: number, minReadySeconds = 0) {
  const labels = { app: 'web' };
  return client.create<ReplicaSet>(
    REPLICA_SETS,
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas,
        minReadySeconds,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web' }] } },
      },
    },
    never,
  );
}

const scale = ({ client }: TestCluster, replicas: number) =>
  client.patch(
    REPLICA_SETS,
    { namespace: 'default', name: 'web' },
    { type: 'merge', body: { spec: { replicas } } },
    never,
  );

const activePods = ({ api }: TestCluster): Pod[] => api.objects(PODS).filter(isPodActive);
const replicaSet = ({ api }: TestCluster): ReplicaSet => api.objects(REPLICA_SETS)[0]!;

function setReady(cluster: TestCluster, pod: Pod) {
  const lastTransitionTime = new Date(cluster.clock.now()).toISOString();
  const status = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }],
  };
  return cluster.client.updateStatus(PODS, { ...pod, status }, never);
}

test('newReplicaSetController creates Pods it owns and reports them', async () => {
  const cluster = newTestCluster({ seed: 1 });
  await createReplicaSet(cluster, 3);
  await cluster.clock.advance(1000);
  const pods = activePods(cluster);
  equal(pods.length, 3);
  for (const pod of pods) {
    ok(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(pod.metadata.name), pod.metadata.name);
    deepEqual(pod.metadata.ownerReferences, [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web',
        uid: replicaSet(cluster).metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
  }
  deepEqual(replicaSet(cluster).status, {
    replicas: 3,
    fullyLabeledReplicas: 3,
    readyReplicas: 0,
    availableReplicas: 0,
    terminatingReplicas: 0,
    observedGeneration: 1,
  });
  deepEqual(
    cluster.events.sort(),
    pods.map((pod) => `Normal SuccessfulCreate Created pod: ${pod.metadata.name}`),
  );
  await cluster.end();
});

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`newReplicaSetController never has more Pods than desired behind a lagging cache, seed ${seed}`, async () => {
    const cluster = newTestCluster({ seed, lagged: true });
    await createReplicaSet(cluster, 5);
    const chance = cluster.random.fork('test');
    let desired = 5;
    // What the controller may believe to be desired: the newest, and what was until the watch's longest lag ago.
    let believed: { replicas: number; untilMs: number }[] = [];
    let before = 0;
    for (let step = 0; step < 60; step++) {
      const draw = chance.next();
      const pods = activePods(cluster);
      if (draw < 0.1) {
        believed.push({ replicas: desired, untilMs: cluster.clock.now() + WATCH_LAG_MAX_MS });
        desired = Math.floor(chance.next() * 9);
        await scale(cluster, desired);
      } else if (draw < 0.4 && pods.length > 0) {
        const { name, namespace = '' } = pods[Math.floor(chance.next() * pods.length)]!.metadata;
        await cluster.client.delete(PODS, { name, namespace }, {}, never);
      }
      for (let i = 0; i < 10; i++) {
        await cluster.clock.advance(15);
        believed = believed.filter(({ untilMs }) => untilMs >= cluster.clock.now());
        const count = activePods(cluster).length;
        const most = Math.max(before, desired, ...believed.map(({ replicas }) => replicas));
        ok(count <= most, `${count} Pods, at most ${most} may be`);
        before = count;
      }
    }
    await cluster.clock.advance(5000);
    equal(activePods(cluster).length, desired);
    equal(replicaSet(cluster).status?.replicas, desired);
    await cluster.end();
  });
}

test('newReplicaSetController creates no Pods anew for a ReplicaSet that is deleted before they are seen', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const cluster = newTestCluster({ seed, lagged: true });
    const { api, client, clock } = cluster;
    await createReplicaSet(cluster, 5);
    while (api.objects(PODS).length < 5) await clock.advance(1);
    await scale(cluster, 4);
    await client.delete(REPLICA_SETS, { namespace: 'default', name: 'web' }, {}, never);
    await clock.advance(10 * WATCH_LAG_MAX_MS);
    ok(api.objects(PODS).length <= 5, `${api.objects(PODS).length} Pods, seed ${seed}`);
    await cluster.end();
  }
});

test('newReplicaSetController creates no second Pod when the answer to a creation is lost', async () => {
  const chance = newSeededRandom('loss');
  const fateOf = ({ method }: ApiRequest): RequestFate =>
    method === 'POST' && chance.next() < 0.5 ? 'lost' : 'answered';
  const cluster = newTestCluster({ seed: 3, lagged: true, fateOf });
  // The ReplicaSet's own creation may be lost too.
  await createReplicaSet(cluster, 8).catch(() => {});
  for (let i = 0; i < 400; i++) {
    await cluster.clock.advance(25);
    ok(activePods(cluster).length <= 8);
  }
  equal(activePods(cluster).length, 8);
  await cluster.end();
});

test('newReplicaSetController stops after the first failed batch, says so, and recovers', async () => {
  let isRefusing = true;
  const fateOf = ({ method }: ApiRequest): RequestFate =>
    isRefusing && method === 'POST' ? new StatusError('Forbidden', 'exceeded quota') : 'answered';
  const cluster = newTestCluster({ seed: 1, fateOf });
  isRefusing = false;
  await createReplicaSet(cluster, 20);
  isRefusing = true;
  await cluster.clock.advance(1);
  equal(cluster.api.writes.filter((write) => write.startsWith('POST pods')).length, 0);
  ok(cluster.events.includes('Warning FailedCreate Error creating: exceeded quota'));
  const [condition] = replicaSet(cluster).status?.conditions ?? [];
  equal(condition?.type, 'ReplicaFailure');
  equal(condition?.reason, 'FailedCreate');
  equal(condition?.message, 'exceeded quota');
  isRefusing = false;
  await cluster.clock.advance(60_000);
  equal(activePods(cluster).length, 20);
  equal(replicaSet(cluster).status?.conditions, undefined);
  await cluster.end();
});

test('newReplicaSetController adopts a matching orphan and releases a Pod that no longer matches', async () => {
  const cluster = newTestCluster({ seed: 1 });
  await cluster.client.create(
    PODS,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'orphan', namespace: 'default', labels: { app: 'web' } },
      spec: { containers: [] },
    },
    never,
  );
  await createReplicaSet(cluster, 2);
  await cluster.clock.advance(1000);
  equal(activePods(cluster).length, 2);
  const orphan = cluster.api.objects(PODS).find((pod) => pod.metadata.name === 'orphan')!;
  equal(orphan.metadata.ownerReferences?.[0]?.uid, replicaSet(cluster).metadata.uid);

  const target = { namespace: 'default', name: 'orphan' };
  const body = { metadata: { labels: { app: 'other' } } };
  await cluster.client.patch(PODS, target, { type: 'merge', body }, never);
  await cluster.clock.advance(1000);
  equal(activePods(cluster).length, 3);
  const released = cluster.api.objects(PODS).find((pod) => pod.metadata.name === 'orphan')!;
  deepEqual(released.metadata.ownerReferences, []);
  await cluster.end();
});

test('newReplicaSetController reports a Pod available when minReadySeconds are over', async () => {
  const cluster = newTestCluster({ seed: 1 });
  await createReplicaSet(cluster, 1, 30);
  await cluster.clock.advance(100);
  await setReady(cluster, activePods(cluster)[0]!);
  await cluster.clock.advance(29_000);
  equal(replicaSet(cluster).status?.readyReplicas, 1);
  equal(replicaSet(cluster).status?.availableReplicas, 0);
  await cluster.clock.advance(2000);
  equal(replicaSet(cluster).status?.availableReplicas, 1);
  await cluster.end();
});

test('newReplicaSetController counts terminating Pods apart and replaces them at once', async () => {
  const cluster = newTestCluster({ seed: 1 });
  await createReplicaSet(cluster, 1);
  await cluster.clock.advance(100);
  const [pod] = activePods(cluster);
  const target = { namespace: 'default', name: pod!.metadata.name };
  await cluster.client.patch(PODS, target, { type: 'merge', body: { spec: { nodeName: 'n' } } }, never);
  await cluster.client.delete(PODS, target, {}, never);
  await cluster.clock.advance(100);
  equal(activePods(cluster).length, 1);
  equal(replicaSet(cluster).status?.terminatingReplicas, 1);
  cluster.api.finish(pod!, PODS);
  await cluster.clock.advance(100);
  equal(replicaSet(cluster).status?.terminatingReplicas, 0);
  await cluster.end();
});
