/**
 * Node lifecycle, taint eviction and Pod collection together, over watches that lag, while kubelets fall silent and come
 * back at random: what was heard of is never touched, and when all are back nothing of it remains.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../api/generated/coordination-v1.ts';
import type { Node, NodeCondition, Pod } from '../api/generated/core-v1.ts';
import { isPodReady, isPodTerminating } from '../api/pod-conditions.ts';
import { LEASES, NODES, PODS } from '../api/resources.ts';
import { toMicroTimestamp, toTimestamp } from '../base/clock.ts';
import { newNodeLifecycleController } from '../controllers/node-lifecycle/controller.ts';
import { newPodGcController } from '../controllers/pod-gc/controller.ts';
import { newTaintEvictionController } from '../controllers/taint-eviction/controller.ts';
import { newControllerBench } from './controller-bench.ts';

const CONTROLLERS = [
  newNodeLifecycleController,
  newTaintEvictionController,
  (context: Parameters<typeof newPodGcController>[0]) => newPodGcController(context),
];

const NODE_NAMES = ['a1', 'a2', 'a3', 'b1', 'b2', 'b3'];
const TOLERATED_SECONDS = 20;

function newCluster(seed: number) {
  const bench = newControllerBench({ seed, controllers: CONTROLLERS, lagged: true });
  const { api, clock } = bench;
  const silentSinceMs = new Map<string, number>();
  const backSinceMs = new Map<string, number>();
  const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const meta = (name: string, namespace?: string) => ({
    name,
    uid: name,
    resourceVersion: '',
    creationTimestamp: toTimestamp(clock.now()),
    ...(namespace === undefined ? {} : { namespace }),
  });
  const readyNow = (): NodeCondition[] => {
    const now = toTimestamp(clock.now());
    return [{ type: 'Ready', status: 'True', lastHeartbeatTime: now, lastTransitionTime: now }];
  };
  const node = (name: string): Node => api.objects(NODES).find(({ metadata }) => metadata.name === name)!;
  const podsOf = (name: string): Pod[] => api.objects(PODS).filter(({ spec }) => spec.nodeName === name);

  const renew = (name: string): void => {
    const spec = { holderIdentity: name, renewTime: toMicroTimestamp(clock.now()) };
    const lease: Lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: meta(name, 'kube-node-lease'),
      spec,
    };
    api.put(LEASES, lease);
  };
  const startPod = (name: string): void => {
    const toleration = { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: TOLERATED_SECONDS };
    api.put(PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: meta(`pod-${name}`, 'default'),
      spec: { nodeName: name, containers: [], tolerations: [toleration] },
      status: running,
    });
  };
  for (const name of NODE_NAMES) {
    const labels = { 'topology.kubernetes.io/zone': name.slice(0, 1) };
    api.put(NODES, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { ...meta(name), labels },
      spec: {},
      status: { conditions: readyNow() },
    });
    startPod(name);
    renew(name);
  }
  return {
    ...bench,
    silentSinceMs,
    node,
    podsOf,
    hasTaint: (name: string, effect: string) =>
      node(name).spec?.taints?.some((taint) => taint.effect === effect) ?? false,
    fail: (name: string) => silentSinceMs.set(name, silentSinceMs.get(name) ?? clock.monotonicMs()),
    /** The kubelet is back, and says so. */
    comeBack(name: string): void {
      if (!silentSinceMs.delete(name)) return;
      backSinceMs.set(name, clock.monotonicMs());
      renew(name);
      api.put(NODES, { ...node(name), status: { conditions: readyNow() } });
    },
    /** Living kubelets end what was deleted, say of the rest that it is ready, and get a new Pod for one that is gone. */
    tend(): void {
      for (const name of NODE_NAMES) {
        if (silentSinceMs.has(name)) continue;
        for (const pod of podsOf(name)) {
          if (isPodTerminating(pod)) api.finish(pod, PODS);
          else if (!isPodReady(pod)) api.put(PODS, { ...pod, status: running });
        }
        if (podsOf(name).length === 0) startPod(name);
      }
    },
    /** Long enough for every watch to have told of its return. */
    isSurelyBack: (name: string) =>
      !silentSinceMs.has(name) && clock.monotonicMs() - (backSinceMs.get(name) ?? 0) > 3000,
    async second(): Promise<void> {
      await clock.advance(1000);
      if (Math.round(clock.monotonicMs() / 1000) % 10 !== 0) return;
      for (const name of NODE_NAMES) if (!silentSinceMs.has(name)) renew(name);
    },
  };
}

/** 50 s of grace from a renewal up to 10 s before the silence, a dwell of 5 s, and what is tolerated. */
const FIRST_EVICTION_MS = 40_000 + 5_000 + TOLERATED_SECONDS * 1000;

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`node controllers touch no node that was heard of, and leave nothing behind, seed ${seed}`, async () => {
    const cluster = newCluster(seed);
    const { clock, silentSinceMs } = cluster;
    const chance = cluster.random.fork('faults');
    let evicted = 0;
    for (let step = 0; step < 900; step++) {
      const name = NODE_NAMES[Math.floor(chance.next() * NODE_NAMES.length)]!;
      const draw = chance.next();
      if (draw < 0.02) cluster.fail(name);
      else if (draw < 0.028) cluster.comeBack(name);
      const before = new Set(NODE_NAMES.filter((one) => cluster.hasTaint(one, 'NoExecute')));
      cluster.tend();
      await cluster.second();
      const isClusterDown = NODE_NAMES.every((one) => cluster.hasTaint(one, 'NoSchedule'));
      for (const one of NODE_NAMES) {
        const sinceMs = silentSinceMs.get(one);
        const silentMs = sinceMs === undefined ? 0 : clock.monotonicMs() - sinceMs;
        for (const pod of cluster.podsOf(one)) {
          const isSpared = cluster.isSurelyBack(one) || (silentMs > 0 && silentMs < FIRST_EVICTION_MS);
          ok(!isSpared || !isPodTerminating(pod), `${one} is silent for ${silentMs} ms, and its Pod evicted`);
          ok(!cluster.isSurelyBack(one) || isPodReady(pod), `${one} was heard of, and its Pod is not ready`);
          if (isPodTerminating(pod)) evicted++;
        }
        const isNew = cluster.hasTaint(one, 'NoExecute') && !before.has(one);
        ok(!(isNew && isClusterDown), `${one} is to be emptied while no node answers`);
      }
    }
    ok(evicted > 0, 'the faults never led to an eviction');
    for (const name of NODE_NAMES) cluster.comeBack(name);
    for (let i = 0; i < 10; i++) {
      cluster.tend();
      await cluster.second();
    }
    for (const name of NODE_NAMES) {
      deepEqual(cluster.node(name).spec?.taints ?? [], []);
      for (const pod of cluster.podsOf(name)) equal(isPodTerminating(pod), false);
    }
    await cluster.end();
  });
}
