import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Pod, PodSpec, PodStatus } from '../../api/generated/core-v1.ts';
import { podCondition } from '../../api/pod-conditions.ts';
import { NODES, PODS } from '../../api/resources.ts';
import { type ControllerBench, newControllerBench } from '../../simulation/controller-bench.ts';
import type { ControllerContext } from '../framework/controller.ts';
import { newPodGcController } from './controller.ts';
import { isOutOfService, planPodCollection } from './reconcile.ts';

interface PodTraits {
  node?: string;
  status?: PodStatus;
  deleted?: boolean;
  createdAt?: string;
  graceSeconds?: number;
  finalizers?: string[];
}

function newPod(name: string, traits: PodTraits = {}): Pod {
  const {
    node,
    status = { phase: 'Running' },
    deleted,
    createdAt = '2026-01-01T00:00:00Z',
    graceSeconds,
  } = traits;
  const deletion = {
    deletionTimestamp: '2026-01-01T00:00:00Z',
    deletionGracePeriodSeconds: graceSeconds ?? 30,
  };
  const metadata = {
    name,
    namespace: 'a',
    uid: name,
    resourceVersion: '',
    creationTimestamp: createdAt,
    ...(deleted ? deletion : {}),
    ...(traits.finalizers === undefined ? {} : { finalizers: traits.finalizers }),
  };
  const spec: PodSpec = { containers: [], ...(node === undefined ? {} : { nodeName: node }) };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec, status };
}

function newNode(name: string, { outOfService = false, ready = 'True' } = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { taints: outOfService ? [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] : [] },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  };
}

const NOTHING = { orphaned: [], outOfService: [], unassigned: [], terminated: [] };
const ended: PodStatus = { phase: 'Succeeded' };
const names = ({ api }: ControllerBench) => api.objects(PODS).map(({ metadata }) => metadata.name);

test('planPodCollection takes evicted Pods first, then the oldest, down to the limit', () => {
  const terminated = [
    newPod('young', { status: ended, createdAt: '2026-01-03T00:00:00Z' }),
    newPod('old', { status: ended, createdAt: '2026-01-01T00:00:00Z' }),
    newPod('evicted', { status: { phase: 'Failed', reason: 'Evicted' }, createdAt: '2026-01-04T00:00:00Z' }),
    newPod('middle', { status: ended, createdAt: '2026-01-02T00:00:00Z' }),
  ];
  const plan = (limit: number) =>
    planPodCollection({ ...NOTHING, terminated }, limit).map(({ pod }) => pod.metadata.name);
  deepEqual(plan(4), []);
  deepEqual(plan(2), ['evicted', 'old']);
  deepEqual(plan(0), ['evicted', 'old', 'middle', 'young']);
});

test('planPodCollection leaves a Pod to its finalizers that is already force-deleted', () => {
  const held = newPod('held', { deleted: true, graceSeconds: 0, finalizers: ['x/y'] });
  deepEqual(planPodCollection({ ...NOTHING, unassigned: [held], orphaned: [held] }, 10), []);
});

test('planPodCollection takes from a node out of service only what is being deleted and has not ended', () => {
  const outOfService = [
    newPod('runs', { node: 'n' }),
    newPod('hangs', { node: 'n', deleted: true }),
    newPod('ended', { node: 'n', deleted: true, status: ended }),
  ];
  const plan = planPodCollection({ ...NOTHING, outOfService }, 10);
  deepEqual(
    plan.map(({ pod }) => pod.metadata.name),
    ['hangs'],
  );
});

test('isOutOfService does not believe the taint while the node is ready', () => {
  equal(isOutOfService(newNode('n', { outOfService: true, ready: 'Unknown' })), true);
  equal(isOutOfService(newNode('n', { outOfService: true })), false);
  equal(isOutOfService(newNode('n', { ready: 'Unknown' })), false);
});

test('newPodGcController collects the Pods of a node that is gone, after 40 s', async () => {
  const bench = newControllerBench({
    seed: 1,
    controllers: [(context) => newPodGcController(context)],
    lagged: true,
  });
  const seen: (string | undefined)[] = [];
  bench.informers.informer<Pod>(PODS).addListener({
    onAdd() {},
    onUpdate: (pod) => seen.push(`${pod.status?.phase} ${podCondition(pod, 'DisruptionTarget')?.reason}`),
    onDelete() {},
  });
  bench.api.put(NODES, newNode('n1'));
  bench.api.put(NODES, newNode('n2'));
  bench.api.put(PODS, newPod('p1', { node: 'n1' }));
  bench.api.put(PODS, newPod('p2', { node: 'n2' }));
  await bench.clock.advance(60_000);
  bench.api.finish(newNode('n1'), NODES);
  await bench.clock.advance(39_000);
  deepEqual(names(bench), ['p1', 'p2']);
  await bench.clock.advance(3000);
  deepEqual(names(bench), ['p2']);
  deepEqual(seen, ['Failed DeletionByPodGC']);
  await bench.end();
});

test('newPodGcController spares the Pods of a node that comes back within 40 s', async () => {
  const bench = newControllerBench({ seed: 1, controllers: [(context) => newPodGcController(context)] });
  bench.api.put(NODES, newNode('n1'));
  bench.api.put(PODS, newPod('p1', { node: 'n1' }));
  await bench.clock.advance(1000);
  bench.api.finish(newNode('n1'), NODES);
  await bench.clock.advance(30_000);
  bench.api.put(NODES, newNode('n1'));
  await bench.clock.advance(200_000);
  deepEqual(names(bench), ['p1']);
  deepEqual(bench.api.writes, []);
  await bench.end();
});

test('newPodGcController removes at once what was deleted before it had a node', async () => {
  const bench = newControllerBench({ seed: 1, controllers: [(context) => newPodGcController(context)] });
  bench.api.put(PODS, newPod('p1', { deleted: true }));
  bench.api.put(PODS, newPod('p2'));
  await bench.clock.advance(10);
  deepEqual(names(bench), ['p2']);
  await bench.end();
});

test('newPodGcController removes what hangs on a node out of service, when taint or deletion come', async () => {
  const bench = newControllerBench({ seed: 1, controllers: [(context) => newPodGcController(context)] });
  bench.api.put(NODES, newNode('n1', { ready: 'Unknown' }));
  bench.api.put(PODS, newPod('p1', { node: 'n1', deleted: true }));
  bench.api.put(PODS, newPod('p2', { node: 'n1' }));
  await bench.clock.advance(60_000);
  deepEqual(names(bench), ['p1', 'p2']);
  bench.api.put(NODES, newNode('n1', { ready: 'Unknown', outOfService: true }));
  await bench.clock.advance(10);
  deepEqual(names(bench), ['p2']);
  bench.api.put(PODS, newPod('p2', { node: 'n1', deleted: true }));
  await bench.clock.advance(10);
  deepEqual(names(bench), []);
  await bench.end();
});

test('newPodGcController keeps ended Pods up to its limit', async () => {
  const create = (context: ControllerContext) => newPodGcController(context, 2);
  const bench = newControllerBench({ seed: 1, controllers: [create] });
  bench.api.put(NODES, newNode('n1'));
  for (const day of [1, 2, 3, 4]) {
    bench.api.put(
      PODS,
      newPod(`p${day}`, { node: 'n1', status: ended, createdAt: `2026-01-0${day}T00:00:00Z` }),
    );
  }
  await bench.clock.advance(1000);
  deepEqual(names(bench), ['p3', 'p4']);
  await bench.end();
});
