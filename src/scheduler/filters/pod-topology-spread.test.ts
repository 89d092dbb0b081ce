import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newPodInfo } from '../pod-info.ts';
import {
  boundTo,
  decide,
  inZone,
  newNode,
  newPod,
  placeAll,
  refusal,
  snapshotOf,
} from '../scheduler.fixture.ts';
import type { ClusterSnapshot } from '../snapshot.ts';

const ZONE = 'topology.kubernetes.io/zone';
const labels = { app: 'web' };

function constraint(extra: object = {}): object {
  return {
    maxSkew: 1,
    topologyKey: ZONE,
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: labels },
    ...extra,
  };
}

function spread(name: string, extra: object = {}, spec: object = {}) {
  return newPod(name, { labels, spec: { topologySpreadConstraints: [constraint(extra)], ...spec } });
}

function zones(...names: string[]): ClusterSnapshot {
  return snapshotOf(...names.map((zone) => newNode(`node-${zone}`, inZone(zone))));
}

function put(cluster: ClusterSnapshot, nodeName: string, count: number, shape: object = {}): void {
  for (let index = 0; index < count; index++) {
    cluster.setPod(
      newPod(`${nodeName}-${index}-${cluster.cohorts.countStaying('default', () => true).size}`, {
        labels,
        spec: { nodeName },
        ...shape,
      }),
    );
  }
}

test('podTopologySpread keeps domains within maxSkew of the emptiest', () => {
  const cluster = zones('x', 'y', 'z');
  put(cluster, 'node-x', 3);
  put(cluster, 'node-y', 2);
  put(cluster, 'node-z', 1);
  assert.equal(boundTo(cluster, spread('p')), 'node-z');
  const used = placeAll(cluster, [spread('p0'), spread('p1'), spread('p2')]);
  assert.deepEqual(used.toSorted(), ['node-y', 'node-z', 'node-z']);
  assert.match(
    refusal(cluster, spread('p', {}, { nodeName: 'node-none' })),
    /3 node\(s\) didn't match the requested node name/,
  );
});

test('podTopologySpread says which nodes are skewed and which have no label', () => {
  const cluster = snapshotOf(
    newNode('a', inZone('x')),
    newNode('b', inZone('y', { cpu: '0' })),
    newNode('c'),
  );
  put(cluster, 'a', 1);
  const wanted = spread('p');
  wanted.spec.containers[0]!.resources = { requests: { cpu: '1' } };
  assert.equal(
    refusal(cluster, wanted),
    "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints, 1 node(s) didn't match pod topology spread constraints (missing required label).",
  );
});

test('podTopologySpread counts fewer domains than minDomains as an empty one to come', () => {
  const cluster = zones('x', 'y');
  put(cluster, 'node-x', 1);
  put(cluster, 'node-y', 1);
  assert.ok('bound' in decide(cluster, spread('p', { minDomains: 2 })));
  assert.match(
    refusal(cluster, spread('p', { minDomains: 3 })),
    /2 node\(s\) didn't match pod topology spread/,
  );
});

test('podTopologySpread leaves out nodes that the Pod could not use, unless told to ignore that', () => {
  const cluster = snapshotOf(
    newNode('a', inZone('x', { labels: { disk: 'ssd' } })),
    newNode('b', inZone('y', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } })),
  );
  put(cluster, 'a', 1);
  const nodeSelector = { disk: 'ssd' };
  assert.equal(boundTo(cluster, spread('p', {}, { nodeSelector })), 'a');
  assert.match(
    refusal(cluster, spread('p', { nodeAffinityPolicy: 'Ignore' }, { nodeSelector })),
    /spread constraints/,
  );
  assert.match(refusal(cluster, spread('p')), /1 node\(s\) didn't match pod topology spread constraints/);
  assert.equal(boundTo(cluster, spread('p', { nodeTaintsPolicy: 'Honor' })), 'a');
});

test('podTopologySpread counts only the Pods of matchLabelKeys, of the namespace, and those that stay', () => {
  const cluster = zones('x', 'y');
  const terminating = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  cluster.setPod(newPod('old', { labels: { ...labels, hash: '1' }, spec: { nodeName: 'node-x' } }));
  cluster.setPod(newPod('other', { labels, namespace: 'other', spec: { nodeName: 'node-y' } }));
  cluster.setPod(newPod('going', { labels, metadata: terminating, spec: { nodeName: 'node-y' } }));
  assert.equal(boundTo(cluster, spread('p')), 'node-y');
  const next = spread(
    'p',
    { matchLabelKeys: ['hash'] },
    { nodeSelector: { 'kubernetes.io/hostname': 'node-x' } },
  );
  next.metadata.labels = { ...labels, hash: '2' };
  assert.equal(boundTo(cluster, next), 'node-x');
});

test('podTopologySpread holds the Pod itself to the constraint only when the selector matches it', () => {
  const cluster = zones('x', 'y');
  put(cluster, 'node-x', 1);
  const stranger = spread('p', {}, { nodeSelector: { 'kubernetes.io/hostname': 'node-x' } });
  stranger.metadata.labels = { app: 'other' };
  stranger.spec.topologySpreadConstraints![0]!.nodeAffinityPolicy = 'Ignore';
  assert.equal(boundTo(cluster, stranger), 'node-x');
});

test('podTopologySpread spreads hard over two keys at once', () => {
  const cluster = snapshotOf(
    newNode('a', inZone('x')),
    newNode('b', inZone('x')),
    newNode('c', inZone('y')),
    newNode('d', inZone('y')),
  );
  const pods = Array.from({ length: 8 }, (_, index) => {
    const both = [constraint(), constraint({ topologyKey: 'kubernetes.io/hostname' })];
    return newPod(`p${index}`, { labels, spec: { topologySpreadConstraints: both } });
  });
  assert.deepEqual(placeAll(cluster, pods).toSorted().join(''), 'aabbccdd');
});

test('podTopologySpread prefers the emptier domain by ScheduleAnyway, each constraint for itself', () => {
  const cluster = zones('x', 'y');
  put(cluster, 'node-x', 2);
  const soft = { whenUnsatisfiable: 'ScheduleAnyway' };
  assert.equal(boundTo(cluster, spread('p', soft)), 'node-y');
  cluster.setPod(newPod('db', { labels: { tier: 'db' }, spec: { nodeName: 'node-y' } }));
  cluster.setPod(newPod('db2', { labels: { tier: 'db' }, spec: { nodeName: 'node-y' } }));
  cluster.setPod(newPod('db3', { labels: { tier: 'db' }, spec: { nodeName: 'node-y' } }));
  const away = constraint({ ...soft, labelSelector: { matchLabels: { tier: 'db' } } });
  const both = newPod('p', { labels, spec: { topologySpreadConstraints: [constraint(soft), away] } });
  assert.equal(boundTo(cluster, both), 'node-x');
  assert.equal(newPodInfo(both).key, 'default/p');
});
