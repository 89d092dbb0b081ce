import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Pod } from '../../api/generated/core-v1.ts';
import { BURST_MAX, reconcileReplicaSet } from './reconcile.ts';

const NOW_MS = Date.UTC(2026, 0, 2);
const before = (seconds: number) => new Date(NOW_MS - seconds * 1000).toISOString();

interface PodFacts {
  node?: string;
  phase?: string;
  /** How long ready; absent: not ready. */
  readySeconds?: number;
  ageSeconds?: number;
  restarts?: number;
  cost?: string;
  isEnding?: boolean;
}

function pod(name: string, facts: PodFacts = {}): Pod {
  const { node, phase = 'Running', readySeconds, ageSeconds = 1000, restarts = 0, cost } = facts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'd',
      uid: name,
      resourceVersion: '1',
      creationTimestamp: before(ageSeconds),
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
      ...(facts.isEnding ? { deletionTimestamp: before(1) } : {}),
    },
    spec: { ...(node === undefined ? {} : { nodeName: node }), containers: [{ name: 'web' }] },
    status: {
      phase,
      conditions:
        readySeconds === undefined
          ? []
          : [{ type: 'Ready', status: 'True', lastTransitionTime: before(readySeconds) }],
      containerStatuses: [{ name: 'web', ready: true, restartCount: restarts, image: '', imageID: '' }],
    },
  };
}

const replicaSet = (replicas: number, minReadySeconds = 0): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'rs', namespace: 'd', uid: 'rs', resourceVersion: '1', creationTimestamp: '' },
  spec: { replicas, minReadySeconds, selector: {} },
});

const reconcile = (rs: ReplicaSet, pods: Pod[], related: Pod[] = pods) =>
  reconcileReplicaSet(rs, { pods, related }, NOW_MS);

/** In the order in which they go. */
const deletionOrder = (pods: Pod[], related: Pod[] = pods) =>
  reconcile(replicaSet(0), pods, related).delete.map(({ metadata }) => metadata.name);

const READY = { node: 'n', readySeconds: 500 };

test('reconcileReplicaSet creates what is missing, at most 500 at once', () => {
  deepEqual(reconcile(replicaSet(3), [pod('a')]), { create: 2, delete: [] });
  equal(reconcile(replicaSet(2000), []).create, BURST_MAX);
});

test('reconcileReplicaSet does not count Pods that ended or are being deleted', () => {
  const pods = [
    pod('a', { phase: 'Failed' }),
    pod('b', { phase: 'Succeeded' }),
    pod('c', { isEnding: true }),
  ];
  equal(reconcile(replicaSet(1), pods).create, 1);
});

test('reconcileReplicaSet does nothing for a ReplicaSet that is being deleted', () => {
  const rs = replicaSet(3);
  rs.metadata.deletionTimestamp = before(1);
  deepEqual(reconcile(rs, [pod('a')]), { create: 0, delete: [] });
});

test('reconcileReplicaSet deletes a not-ready Pod before a ready one', () => {
  deepEqual(deletionOrder([pod('ready', READY), pod('not-ready', { node: 'n' })]), ['not-ready', 'ready']);
});

test('reconcileReplicaSet deletes in upstream’s order, from what is least worth', () => {
  const order = [
    pod('unassigned', { phase: 'Pending' }),
    pod('pending', { node: 'n', phase: 'Pending' }),
    pod('unknown', { node: 'n', phase: 'Unknown' }),
    pod('not-ready', { node: 'n' }),
    pod('cheap', { ...READY, cost: '-5' }),
    pod('crowded', { ...READY, node: 'crowded' }),
    pod('ready-shortly', { ...READY, readySeconds: 10 }),
    pod('restarted', { ...READY, restarts: 3 }),
    pod('young', { ...READY, ageSeconds: 600 }),
    pod('old', { ...READY, ageSeconds: 100_000 }),
    pod('dear', { ...READY, cost: '7' }),
  ];
  const neighbours = Array.from({ length: 50 }, (_, index) => pod(`x${index}`, { node: 'crowded' }));
  const expected = order.map(({ metadata }) => metadata.name);
  deepEqual(deletionOrder([...order].reverse(), [...order, ...neighbours]), expected);
});

test('reconcileReplicaSet ignores a deletion cost that is no int32', () => {
  const pods = [pod('b', { ...READY, cost: '-99999999999' }), pod('a', { ...READY, cost: '+1' })];
  deepEqual(deletionOrder(pods), ['a', 'b']);
});

test('reconcileReplicaSet comes back when the next Pod has been ready for minReadySeconds', () => {
  const pods = [pod('a', { ...READY, readySeconds: 4 }), pod('b', { ...READY, readySeconds: 9 })];
  equal(reconcile(replicaSet(2, 10), pods).requeueAfterMs, 1000);
  equal(reconcile(replicaSet(2, 2), pods).requeueAfterMs, undefined);
});

test('reconcileReplicaSet leaves exactly the desired number, whatever the Pods, and the same plan in any order', () => {
  const facts = fc.record({
    node: fc.constantFrom('n1', 'n2'),
    phase: fc.constantFrom('Pending', 'Running', 'Failed', 'Succeeded'),
    readySeconds: fc.integer({ min: 1, max: 10_000 }),
    restarts: fc.nat(3),
    isEnding: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(facts, { maxLength: 30 }), fc.nat(20), (all, desired) => {
      const pods = all.map((each, index) => pod(`p${index}`, each));
      const plan = reconcile(replicaSet(desired), pods);
      const active = all.filter(({ phase, isEnding }) => !isEnding && ['Pending', 'Running'].includes(phase));
      equal(active.length + plan.create - plan.delete.length, desired);
      deepEqual(reconcile(replicaSet(desired), [...pods].reverse()), plan);
    }),
  );
});
