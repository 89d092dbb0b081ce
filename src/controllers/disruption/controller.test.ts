import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts';
import { DEPLOYMENTS, POD_DISRUPTION_BUDGETS, PODS, REPLICA_SETS } from '../../api/resources.ts';
import { toTimestamp } from '../../base/clock.ts';
import { type ControllerBench, newControllerBench } from '../../simulation/controller-bench.ts';
import { newBudget, newDeployment, newOwner, newPod, newReplicaSet } from './budget.fixture.ts';
import { newDisruptionController } from './controller.ts';

const CONTROLLERS = [newDisruptionController];

const budgetIn = ({ api }: ControllerBench): PodDisruptionBudget => api.objects(POD_DISRUPTION_BUDGETS)[0]!;
const allowed = (bench: ControllerBench) => budgetIn(bench).status?.disruptionsAllowed;

test('newDisruptionController follows readiness within milliseconds', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  bench.api.put(POD_DISRUPTION_BUDGETS, newBudget({ minAvailable: 2 }));
  for (const name of ['p0', 'p1', 'p2']) bench.api.put(PODS, newPod(name));
  await bench.clock.advance(100);
  const { status } = budgetIn(bench);
  deepEqual(
    [status?.expectedPods, status?.desiredHealthy, status?.currentHealthy, status?.disruptionsAllowed],
    [3, 2, 3, 1],
  );
  bench.api.put(PODS, newPod('p1', { ready: false }));
  await bench.clock.advance(5);
  equal(allowed(bench), 0);
  bench.api.put(PODS, newPod('p1'));
  await bench.clock.advance(5);
  equal(allowed(bench), 1);
  await bench.end();
});

test('newDisruptionController writes only when something changes', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  bench.api.put(POD_DISRUPTION_BUDGETS, newBudget({ minAvailable: 2 }));
  for (const name of ['p0', 'p1', 'p2']) bench.api.put(PODS, newPod(name));
  await bench.clock.advance(100);
  const writes = bench.api.writes.length;
  bench.api.put(PODS, { ...newPod('p1'), status: { ...newPod('p1').status, podIP: '10.0.0.1' } });
  await bench.clock.advance(3_600_000 * 2);
  equal(bench.api.writes.length, writes);
  await bench.end();
});

test('newDisruptionController finds the scale of a Deployment, and follows it', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  bench.api.put(DEPLOYMENTS, newDeployment('web', 3));
  bench.api.put(REPLICA_SETS, newReplicaSet('web-1', 3, newOwner('Deployment', 'web')));
  for (const name of ['p0', 'p1', 'p2']) {
    bench.api.put(PODS, newPod(name, { owner: newOwner('ReplicaSet', 'web-1') }));
  }
  bench.api.put(POD_DISRUPTION_BUDGETS, newBudget({ maxUnavailable: 1 }));
  await bench.clock.advance(100);
  equal(allowed(bench), 1);
  bench.api.put(DEPLOYMENTS, newDeployment('web', 5));
  await bench.clock.advance(5);
  const { status } = budgetIn(bench);
  deepEqual([status?.expectedPods, status?.desiredHealthy, status?.disruptionsAllowed], [5, 4, 0]);
  await bench.end();
});

test('newDisruptionController allows nothing while a controller is missing, and recovers when it comes', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  bench.api.put(PODS, newPod('p0', { owner: newOwner('ReplicaSet', 'alone') }));
  bench.api.put(POD_DISRUPTION_BUDGETS, newBudget({ maxUnavailable: 1 }));
  await bench.clock.advance(100);
  equal(allowed(bench), 0);
  equal(budgetIn(bench).status?.conditions?.[0]?.reason, 'SyncFailed');
  bench.api.put(REPLICA_SETS, newReplicaSet('alone', 1));
  await bench.clock.advance(5);
  equal(allowed(bench), 1);
  equal(budgetIn(bench).status?.conditions?.[0]?.reason, 'SufficientPods');
  ok(
    bench.events.includes(
      'Warning CalculateExpectedPodCountFailed Failed to calculate the number of expected pods: found no controllers for pod "p0"',
    ),
  );
  await bench.end();
});

test('newDisruptionController notices a Pod that changes its labels, both ways', async () => {
  const bench = newControllerBench({ seed: 1, controllers: CONTROLLERS });
  bench.api.put(POD_DISRUPTION_BUDGETS, newBudget({ minAvailable: 1 }));
  for (const name of ['p0', 'p1']) bench.api.put(PODS, newPod(name));
  await bench.clock.advance(100);
  equal(allowed(bench), 1);
  const pod = newPod('p1');
  bench.api.put(PODS, { ...pod, metadata: { ...pod.metadata, labels: { app: 'other' } } });
  await bench.clock.advance(5);
  equal(allowed(bench), 0);
  bench.api.put(PODS, pod);
  await bench.clock.advance(5);
  equal(allowed(bench), 1);
  await bench.end();
});

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`newDisruptionController and evictions keep the budget behind a lagging cache, seed ${seed}`, async () => {
    const bench = newControllerBench({ seed, controllers: CONTROLLERS, lagged: true });
    const { api, clock } = bench;
    const chance = bench.random.fork('test');
    bench.api.put(POD_DISRUPTION_BUDGETS, newBudget({ minAvailable: 3 }));
    let born = 0;
    while (born < 5) api.put(PODS, newPod(`p${born++}`));
    const healthy = () =>
      api.objects(PODS).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    let evictions = 0;
    for (let step = 0; step < 200; step++) {
      await clock.advance(chance.next() * 150);
      const budget = budgetIn(bench);
      const { disruptionsAllowed = 0, disruptedPods = {} } = budget.status ?? {};
      const [victim] = healthy();
      if (
        disruptionsAllowed > 0 &&
        victim !== undefined &&
        disruptedPods[victim.metadata.name] === undefined
      ) {
        // What the eviction API does, in its one transaction and its deletion.
        const noted = { ...disruptedPods, [victim.metadata.name]: toTimestamp(clock.now()) };
        const status = { ...budget.status, disruptionsAllowed: disruptionsAllowed - 1, disruptedPods: noted };
        api.put(POD_DISRUPTION_BUDGETS, { ...budget, status });
        api.put(PODS, newPod(victim.metadata.name, { deleted: true }));
        evictions++;
      } else if (chance.next() < 0.3) {
        const leaving = api.objects(PODS).find(({ metadata }) => metadata.deletionTimestamp !== undefined);
        if (leaving !== undefined) {
          api.finish(leaving, PODS);
          api.put(PODS, newPod(`p${born++}`));
        }
      }
      ok(healthy().length >= 3, `${healthy().length} healthy Pods at step ${step}`);
    }
    ok(evictions > 10, `${evictions} evictions`);
    await bench.end();
  });
}
