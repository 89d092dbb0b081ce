import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts';
import { newSeededRandom } from '../../simulation/sim-random.ts';
import { newPodInfo } from '../pod-info.ts';
import { decide, inZone, newNode, newPod, refusal, snapshotOf } from '../scheduler.fixture.ts';
import type { ClusterSnapshot } from '../snapshot.ts';
import { planPreemption } from './plan-preemption.ts';

interface Placed {
  priority?: number;
  cpu?: string;
  labels?: Record<string, string>;
  startTime?: string;
}

function put(cluster: ClusterSnapshot, nodeName: string, name: string, shape: Placed = {}): void {
  const { priority = 0, cpu = '1', labels = {}, startTime = '2026-01-01T00:00:00Z' } = shape;
  cluster.setPod(newPod(name, { cpu, labels, spec: { nodeName, priority }, status: { startTime } }));
}

function important(spec: object = {}, cpu = '1'): Pod {
  return newPod('vip', { cpu, labels: { app: 'vip' }, spec: { priority: 100, ...spec } });
}

function budget(app: string, disruptionsAllowed: number): PodDisruptionBudget {
  return {
    metadata: { name: app, namespace: 'default' },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed },
  } as unknown as PodDisruptionBudget;
}

interface Extra {
  budgets?: PodDisruptionBudget[];
  leaving?: string[];
}

function plan(cluster: ClusterSnapshot, wanted: Pod, { budgets = [], leaving = [] }: Extra = {}) {
  const info = newPodInfo(wanted);
  const outcome = decide(cluster, info);
  assert.ok('rejections' in outcome);
  const made = planPreemption(info, {
    cluster,
    ...outcome,
    budgetsOf: () => budgets,
    leaving: new Set(leaving),
    random: newSeededRandom(1),
  });
  if ('refused' in made) return made.refused;
  const { nodeName, victims } = made.preempt;
  return `${nodeName}: ${victims.map(({ pod }) => pod.metadata.name).join(' ')}`;
}

test('planPreemption takes as few as it must, the least important and the youngest first', () => {
  const cluster = snapshotOf(newNode('a', { cpu: '3' }));
  put(cluster, 'a', 'old', { startTime: '2026-01-01T00:00:00Z' });
  put(cluster, 'a', 'young', { startTime: '2026-01-02T00:00:00Z' });
  put(cluster, 'a', 'middle', { priority: 50 });
  assert.equal(plan(cluster, important()), 'a: young');
  assert.equal(plan(cluster, important({}, '2')), 'a: old young');
  assert.equal(plan(cluster, important({}, '3')), 'a: middle old young');
});

test('planPreemption spares Pods that a disruption budget protects where others will do', () => {
  const cluster = snapshotOf(newNode('a', { cpu: '2' }));
  put(cluster, 'a', 'kept', { labels: { app: 'db' } });
  put(cluster, 'a', 'other', { priority: 50 });
  assert.equal(plan(cluster, important()), 'a: kept');
  assert.equal(plan(cluster, important(), { budgets: [budget('db', 0)] }), 'a: other');
  assert.equal(plan(cluster, important(), { budgets: [budget('db', 1)] }), 'a: kept');
  assert.equal(plan(cluster, important({}, '2'), { budgets: [budget('db', 0)] }), 'a: other kept');
});

test('planPreemption picks the node where it does least harm', () => {
  const cluster = snapshotOf(...['a', 'b', 'c', 'd'].map((name) => newNode(name, { cpu: '2' })));
  put(cluster, 'a', 'a1', { cpu: '2', priority: 20 });
  put(cluster, 'b', 'b1', { priority: 10 });
  put(cluster, 'b', 'b2', { priority: 10 });
  put(cluster, 'c', 'c1', { cpu: '2', priority: 10 });
  put(cluster, 'd', 'd1', { cpu: '2', priority: 10, startTime: '2026-02-01T00:00:00Z' });
  assert.equal(plan(cluster, important({}, '2')), 'd: d1', 'started last');
  cluster.removeNode('d');
  assert.equal(plan(cluster, important({}, '2')), 'c: c1', 'one victim is better than two');
  cluster.removeNode('c');
  assert.equal(plan(cluster, important({}, '2')), 'b: b1 b2', 'the most important victim counts first');
  assert.equal(
    plan(cluster, important({}, '2'), { budgets: [] }),
    plan(cluster, important({}, '2'), { budgets: [budget('none', 0)] }),
  );
});

test('planPreemption says why it does nothing, in the words of Kubernetes', () => {
  const cluster = snapshotOf(
    newNode('a', { cpu: '1' }),
    newNode('b', { spec: { unschedulable: true } }),
    newNode('c', { cpu: '500m' }),
  );
  put(cluster, 'a', 'peer', { priority: 100 });
  assert.equal(
    plan(cluster, important()),
    '0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.',
  );
  assert.equal(
    plan(cluster, important({ preemptionPolicy: 'Never' })),
    'not eligible due to preemptionPolicy=Never.',
  );
  put(cluster, 'a', 'lesser', { cpu: '0' });
  assert.equal(
    plan(cluster, important()),
    '0/3 nodes are available: 1 Insufficient cpu, 2 Preemption is not helpful for scheduling.',
    'without the lesser one it is no better',
  );
});

test('planPreemption waits while the nominated node is still being emptied', () => {
  const cluster = snapshotOf(newNode('a', { cpu: '1' }), newNode('b', { cpu: '1' }));
  put(cluster, 'a', 'victim');
  put(cluster, 'b', 'other');
  const info = newPodInfo(important());
  cluster.nominations.set(info, 'a');
  const waits = 'not eligible due to a terminating pod on the nominated node.';
  assert.equal(plan(cluster, info.pod, { leaving: ['uid-of-victim'] }), waits);
  const condition = { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' };
  const going = newPod('victim', {
    cpu: '1',
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    spec: { nodeName: 'a' },
    status: { conditions: [condition] },
  });
  cluster.setPod(going);
  assert.equal(plan(cluster, info.pod), waits);
  cluster.setNode(newNode('a', { cpu: '1', spec: { unschedulable: true } }));
  assert.equal(plan(cluster, info.pod), 'b: other', 'the promised node is of no use any more');
});

test('planPreemption makes room by host ports, anti-affinity and spread, and leaves no trace of what it tried', () => {
  const cluster = snapshotOf(newNode('a', inZone('x')), newNode('b', inZone('y')));
  const labels = { app: 'vip' };
  const topologyKey = 'topology.kubernetes.io/zone';
  const apart = [{ labelSelector: { matchLabels: labels }, topologyKey }];
  const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: apart };
  const wanted = important({ affinity: { podAntiAffinity } });
  put(cluster, 'a', 'a1', { labels, priority: 100 });
  put(cluster, 'b', 'b1', { labels });
  put(cluster, 'b', 'b2', {});
  const before = refusal(cluster, wanted);
  assert.equal(plan(cluster, wanted), 'b: b1');
  assert.equal(refusal(cluster, wanted), before);
  const constraint = {
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: labels },
  };
  const spread = important({
    topologySpreadConstraints: [constraint],
    nodeSelector: { 'kubernetes.io/hostname': 'b' },
  });
  spread.spec.topologySpreadConstraints![0]!.nodeAffinityPolicy = 'Ignore';
  put(cluster, 'b', 'b3', { labels });
  assert.equal(plan(cluster, spread), 'b: b3');
});
