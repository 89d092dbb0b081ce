import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newPodInfo } from './pod-info.ts';
import { feasibleEnough } from './schedule-pod.ts';
import {
  boundTo,
  decide,
  inZone,
  newNode,
  newPod,
  placeAll,
  refusal,
  snapshotOf,
} from './scheduler.fixture.ts';

test('schedulePod says why no node fits, in the words of Kubernetes', () => {
  const tainted = newNode('c', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } });
  const snapshot = snapshotOf(
    newNode('a', { cpu: '500m' }),
    newNode('b', { spec: { unschedulable: true } }),
    tainted,
  );
  assert.equal(
    refusal(snapshot, newPod('p', { cpu: '1' })),
    '0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint {gpu: yes}, 1 node(s) were unschedulable.',
  );
});

test('schedulePod puts no Pod on a node that has not said yet what it offers', () => {
  const snapshot = snapshotOf({ ...newNode('a'), status: {} });
  assert.equal(refusal(snapshot, newPod('p')), '0/1 nodes are available: 1 Too many pods.');
});

test('schedulePod follows node selectors and required affinity', () => {
  const snapshot = snapshotOf(newNode('a'), newNode('b', { labels: { disk: 'ssd', size: '7' } }));
  assert.equal(boundTo(snapshot, newPod('p', { spec: { nodeSelector: { disk: 'ssd' } } })), 'b');
  const required = (expression: object) => {
    const nodeSelectorTerms = [{ matchExpressions: [expression] }];
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
    return newPod('p', { spec: { affinity: { nodeAffinity } } });
  };
  assert.equal(boundTo(snapshot, required({ key: 'size', operator: 'Gt', values: ['5'] })), 'b');
  assert.equal(boundTo(snapshot, required({ key: 'disk', operator: 'DoesNotExist' })), 'a');
  assert.equal(
    refusal(snapshot, newPod('p', { spec: { nodeSelector: { disk: 'tape' } } })),
    "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.",
  );
});

test('schedulePod lets tolerations pass taints and keeps host ports apart', () => {
  const snapshot = snapshotOf(newNode('a', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }));
  assert.equal(
    boundTo(snapshot, newPod('p', { spec: { tolerations: [{ key: 'k', operator: 'Exists' }] } })),
    'a',
  );
  const ports = (hostIP?: string) => ({
    tolerations: [{ operator: 'Exists' }],
    containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort: 80, hostIP }] }],
  });
  snapshot.setPod(newPod('taken', { spec: { ...ports('10.0.0.1'), nodeName: 'a' } }));
  assert.match(
    refusal(snapshot, newPod('p', { spec: ports() })),
    /1 node\(s\) didn't have free ports for the requested pod ports/,
  );
  assert.equal(boundTo(snapshot, newPod('p', { spec: ports('10.0.0.2') })), 'a');
});

test('schedulePod spreads the Pods of one workload over nodes and zones', () => {
  const snapshot = snapshotOf(
    newNode('a', inZone('x')),
    newNode('b', inZone('x')),
    newNode('c', inZone('x')),
    newNode('d', inZone('y')),
  );
  const pods = Array.from({ length: 8 }, (_, index) => newPod(`p${index}`, { labels: { app: 'web' } }));
  const used = placeAll(snapshot, pods);
  for (const name of ['a', 'b', 'c', 'd']) assert.ok(used.includes(name), used.join());
  const inY = used.filter((name) => name === 'd').length;
  assert.ok(inY >= 2, used.join());
});

test('schedulePod never overcommits what Pods request, whatever comes and goes', () => {
  const cpu = fc.integer({ min: 100, max: 3000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(cpu, fc.boolean()), { maxLength: 60 }), fc.integer(), (steps, seed) => {
      const snapshot = snapshotOf(newNode('a'), newNode('b', { cpu: '2' }));
      const placed: string[] = [];
      steps.forEach(([millis, remove], index) => {
        if (remove && placed.length > 0) snapshot.removePod(`default/${placed.shift()}`);
        const next = newPod(`p${index}`, { cpu: `${millis}m` });
        const outcome = decide(snapshot, next, seed);
        if (!('bound' in outcome)) return;
        snapshot.place(newPodInfo(next), outcome.bound);
        placed.push(next.metadata.name);
      });
      for (const info of snapshot.nodes) {
        assert.ok((info.requested.get('cpu') ?? 0) <= info.allocatable.get('cpu')!);
      }
    }),
  );
});

test('schedulePod keeps room for nominated Pods that are at least as important, and lets more important ones in', () => {
  const snapshot = snapshotOf(newNode('a', { cpu: '1' }));
  const nominated = newPodInfo(newPod('n', { cpu: '1', spec: { priority: 10 } }));
  snapshot.nominations.set(nominated, 'a');
  assert.match(refusal(snapshot, newPod('p', { cpu: '1' })), /1 Insufficient cpu/);
  assert.equal(boundTo(snapshot, newPod('q', { cpu: '1', spec: { priority: 11 } })), 'a');
  assert.equal(boundTo(snapshot, nominated.pod), 'a');
  snapshot.nominations.remove(nominated.key);
  assert.equal(boundTo(snapshot, newPod('p', { cpu: '1' })), 'a');
});

test('feasibleEnough looks at all of few nodes and at a share of many', () => {
  assert.equal(feasibleEnough(80), 80);
  assert.equal(feasibleEnough(1000), 420);
  assert.equal(feasibleEnough(5000), 500);
});
