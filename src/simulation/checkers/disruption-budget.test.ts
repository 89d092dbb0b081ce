import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { newDisruptionBudgetChecker } from './disruption-budget.ts';

const BUDGET = {
  metadata: { name: 'web', namespace: 'default', uid: 'budget' },
  spec: { minAvailable: 2, selector: {} },
};
const METADATA = { name: 'web-1', namespace: 'default', uid: 'pod', labels: {} };
const READY = { metadata: METADATA, status: { conditions: [{ type: 'Ready', status: 'True' }] } };
const EVICTED = {
  metadata: { ...METADATA, deletionTimestamp: '2026-01-01T00:00:30Z' },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' },
    ],
  },
};

/** What is said of an eviction that was sent at `sentMs`, as a budget was made at 1000. */
function saidOf(sentMs: number): string[] {
  const said: string[] = [];
  const cluster = {
    world: { objects: () => [BUDGET] },
    pods: { all: () => [READY], get: () => READY },
    calm: { forMs: () => 0 },
  };
  const checker = newDisruptionBudgetChecker(cluster as never, (message) => said.push(message));
  const commit = (key: string, object: object, atMs: number) =>
    checker.onEvent!({ kind: 'commit', type: 'put', key, object, atMs } as never);
  const path = '/api/v1/namespaces/default/pods/web-1/eviction';
  commit('/registry/policy/poddisruptionbudgets/default/web', BUDGET, 1000);
  commit('/registry/pods/default/web-1', EVICTED, 3000);
  checker.onEvent!({ kind: 'request', path, status: 201, sentMs, atMs: 3000 } as never);
  return said;
}

test('disruption-budget: an eviction that was sent after the budget was made breaks it', () => {
  deepEqual(saidOf(1500), [
    'the eviction of default/web-1 leaves 0 healthy Pods; budget default/web wants 2',
  ]);
});

test('disruption-budget: a budget that is made while an eviction is on its way may come too late', () => {
  deepEqual(saidOf(999), []);
});
