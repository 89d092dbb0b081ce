import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert, boolean, integer, nat, property, record } from 'fast-check';
import type { PodDisruptionBudgetSpec } from '../../api/generated/policy-v1.ts';
import { toTimestamp } from '../../base/clock.ts';
import { newBudget, newPod } from './budget.fixture.ts';
import type { ExpectedScale } from './expected-scale.ts';
import { isSameBudgetStatus, reconcileBudget } from './reconcile.ts';

const NOW = Date.UTC(2026, 0, 1, 1);
const scaleOf = (replicas: number): ExpectedScale => ({ kind: 'known', replicas, unmanaged: [] });
const podsOf = (ready: number, notReady = 0) =>
  Array.from({ length: ready + notReady }, (_, i) => newPod(`p${i}`, { ready: i < ready }));

const cases: [spec: PodDisruptionBudgetSpec, scale: number, ready: number, expected: number[]][] = [
  // Expected Pods, desired and current healthy ones, disruptions allowed.
  [{ minAvailable: 2 }, 0, 5, [5, 2, 5, 3]],
  [{ minAvailable: 5 }, 0, 5, [5, 5, 5, 0]],
  [{ minAvailable: '50%' }, 5, 5, [5, 3, 5, 2]],
  [{ minAvailable: '50%' }, 7, 7, [7, 4, 7, 3]],
  [{ minAvailable: '100%' }, 3, 3, [3, 3, 3, 0]],
  [{ maxUnavailable: 1 }, 3, 3, [3, 2, 3, 1]],
  [{ maxUnavailable: 1 }, 3, 2, [3, 2, 2, 0]],
  [{ maxUnavailable: '30%' }, 5, 5, [5, 3, 5, 2]],
  [{ maxUnavailable: '0%' }, 5, 5, [5, 5, 5, 0]],
  [{ maxUnavailable: 10 }, 3, 3, [3, 0, 3, 3]],
  [{ maxUnavailable: 1 }, 0, 0, [0, 0, 0, 0]],
  [{ minAvailable: 0 }, 0, 0, [0, 0, 0, 0]],
];

for (const [spec, scale, ready, expected] of cases) {
  test(`reconcileBudget computes ${JSON.stringify(spec)} of ${scale} wanted and ${ready} ready Pods`, () => {
    const { status } = reconcileBudget(newBudget(spec), { pods: podsOf(ready), scale: scaleOf(scale) }, NOW);
    const { expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed } = status;
    deepEqual([expectedPods, desiredHealthy, currentHealthy, disruptionsAllowed], expected);
  });
}

test('reconcileBudget counts neither what is not ready nor what is terminating', () => {
  const pods = [...podsOf(2, 1), newPod('leaving', { deleted: true })];
  const { status } = reconcileBudget(newBudget({ minAvailable: 1 }), { pods, scale: scaleOf(0) }, NOW);
  equal(status.currentHealthy, 2);
  equal(status.expectedPods, 4);
  equal(status.disruptionsAllowed, 1);
});

test('reconcileBudget has its condition follow, and keeps the time while nothing changes', () => {
  const first = reconcileBudget(
    newBudget({ minAvailable: 1 }),
    { pods: podsOf(2), scale: scaleOf(0) },
    NOW,
  ).status;
  deepEqual(first.conditions, [
    {
      type: 'DisruptionAllowed',
      status: 'True',
      reason: 'SufficientPods',
      message: '',
      observedGeneration: 1,
      lastTransitionTime: '2026-01-01T01:00:00Z',
    },
  ]);
  const budget = newBudget({ minAvailable: 1 }, first);
  const again = reconcileBudget(budget, { pods: podsOf(3), scale: scaleOf(0) }, NOW + 60_000).status;
  equal(again.conditions?.[0]?.lastTransitionTime, '2026-01-01T01:00:00Z');
  const low = reconcileBudget(budget, { pods: podsOf(1), scale: scaleOf(0) }, NOW + 60_000).status;
  equal(low.conditions?.[0]?.reason, 'InsufficientPods');
  equal(low.conditions?.[0]?.lastTransitionTime, '2026-01-01T01:01:00Z');
});

test('reconcileBudget holds an evicted Pod as unhealthy until it is seen terminating, for 2 min at most', () => {
  const evicted = { disruptedPods: { p0: toTimestamp(NOW - 30_000), gone: toTimestamp(NOW - 1000) } };
  const budget = newBudget({ minAvailable: 1 }, evicted);
  const observed = { pods: podsOf(3), scale: scaleOf(0) };
  const waiting = reconcileBudget(budget, observed, NOW);
  deepEqual(waiting.status.disruptedPods, { p0: evicted.disruptedPods.p0 });
  equal(waiting.status.currentHealthy, 2);
  equal(waiting.requeueAfterMs, 90_001);

  const seen = reconcileBudget(budget, { ...observed, pods: [newPod('p0', { deleted: true })] }, NOW);
  equal(seen.status.disruptedPods, undefined);
  equal(seen.requeueAfterMs, undefined);

  const late = reconcileBudget(budget, observed, NOW + 90_001);
  equal(late.status.disruptedPods, undefined);
  equal(late.status.currentHealthy, 3);
  deepEqual(
    late.notDeleted.map(({ metadata }) => metadata.name),
    ['p0'],
  );
});

test('reconcileBudget allows nothing while the scale is unknown, and says why', () => {
  const before = {
    currentHealthy: 3,
    desiredHealthy: 2,
    expectedPods: 3,
    disruptionsAllowed: 1,
    observedGeneration: 1,
  };
  const scale = { kind: 'unknown', message: 'found no controllers for pod "p0"' } as const;
  const { status } = reconcileBudget(
    newBudget({ maxUnavailable: 1 }, before),
    { pods: podsOf(3), scale },
    NOW,
  );
  equal(status.disruptionsAllowed, 0);
  equal(status.currentHealthy, 3);
  equal(status.conditions?.[0]?.reason, 'SyncFailed');
  equal(status.conditions?.[0]?.message, 'found no controllers for pod "p0"');
});

test('reconcileBudget never allows what would leave fewer healthy Pods than desired', () => {
  const anyPod = record({ ready: boolean(), deleted: boolean(), evicted: boolean() });
  const anyPercent = integer({ min: 0, max: 100 }).map((percent) => `${percent}%`);
  assert(
    property(array(anyPod), nat(20), anyPercent, nat(20), (traits, scale, percent, count) => {
      const pods = traits.map((trait, i) => newPod(`p${i}`, trait));
      const evicted = traits.flatMap((trait, i) => (trait.evicted ? [[`p${i}`, toTimestamp(NOW)]] : []));
      const noted = { disruptedPods: Object.fromEntries(evicted) as Record<string, string> };
      const specs = [
        { minAvailable: count },
        { maxUnavailable: count },
        { minAvailable: percent },
        { maxUnavailable: percent },
      ];
      for (const spec of specs) {
        const { status } = reconcileBudget(newBudget(spec, noted), { pods, scale: scaleOf(scale) }, NOW);
        const { disruptionsAllowed = -1, currentHealthy = 0, desiredHealthy = 0 } = status;
        const healthy = traits.filter((trait) => trait.ready && !trait.deleted && !trait.evicted).length;
        equal(currentHealthy, healthy);
        ok(disruptionsAllowed === 0 || currentHealthy - disruptionsAllowed >= desiredHealthy);
        ok(disruptionsAllowed >= 0 && desiredHealthy >= 0);
      }
    }),
  );
});

test('isSameBudgetStatus holds for what was just written, and not for a new generation', () => {
  const budget = newBudget({ minAvailable: 1 });
  const { status } = reconcileBudget(budget, { pods: podsOf(2), scale: scaleOf(0) }, NOW);
  const written = { ...budget, status };
  const again = reconcileBudget(written, { pods: podsOf(2), scale: scaleOf(0) }, NOW + 5000).status;
  equal(isSameBudgetStatus(status, again), true);
  equal(isSameBudgetStatus(undefined, again), false);
  equal(isSameBudgetStatus(status, { ...again, observedGeneration: 2 }), false);
});
