import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { newNode } from './node.fixture.ts';
import { readinessOf, reconcileNodeHealth } from './node-health.ts';

const NOW = Date.UTC(2026, 0, 1, 1);

test('reconcileNodeHealth leaves a node alone for 50 s, and says when they are over', () => {
  deepEqual(reconcileNodeHealth(newNode('n'), 12_000, NOW), {
    becameNotReady: false,
    requeueAfterMs: 38_000,
  });
});

test('reconcileNodeHealth makes every reported condition of a silent node unknown', () => {
  const node = newNode('n');
  const network = { type: 'NetworkUnavailable', status: 'False' };
  node.status?.conditions?.push(network);
  const { conditions = [], becameNotReady, requeueAfterMs } = reconcileNodeHealth(node, 50_000, NOW);
  equal(becameNotReady, true);
  equal(requeueAfterMs, undefined);
  const unknown = conditions.filter(({ status }) => status === 'Unknown');
  deepEqual(
    unknown.map(({ type }) => type),
    ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'],
  );
  deepEqual(unknown[3], {
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
    lastHeartbeatTime: '2026-01-01T00:00:00Z',
    lastTransitionTime: '2026-01-01T01:00:00Z',
  });
  deepEqual(conditions.at(-1), network);
});

test('reconcileNodeHealth says nothing twice', () => {
  const node = newNode('n');
  const { conditions = [] } = reconcileNodeHealth(node, 50_000, NOW);
  const after = { ...node, status: { conditions } };
  deepEqual(reconcileNodeHealth(after, 60_000, NOW + 10_000), { becameNotReady: false });
});

test('reconcileNodeHealth does not report a node that was not ready before', () => {
  const plan = reconcileNodeHealth(newNode('n', { ready: 'False' }), 50_000, NOW);
  equal(plan.becameNotReady, false);
  equal(plan.conditions?.find(({ type }) => type === 'Ready')?.status, 'Unknown');
});

test('reconcileNodeHealth gives a node that never reported 60 s', () => {
  const node = newNode('n', { ready: null });
  equal(reconcileNodeHealth(node, 50_000, NOW).requeueAfterMs, 10_000);
  const { conditions = [] } = reconcileNodeHealth(node, 60_000, NOW);
  deepEqual(conditions[0], {
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: '2026-01-01T00:00:00Z',
    lastTransitionTime: '2026-01-01T01:00:00Z',
  });
  equal(conditions.length, 4);
});

test('readinessOf is undefined for a node without the condition', () => {
  equal(readinessOf(newNode('n', { ready: null })), undefined);
  equal(readinessOf(newNode('n', { ready: 'False' })), 'False');
});
