import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { drawPlan } from '../../src/simulation/swarm/draw-plan.ts';
import type { SwarmPlan } from '../../src/simulation/swarm/plan.ts';
import { WorkerPool } from './worker-pool.ts';

const pool = new WorkerPool();
after(() => pool.close());

/** A Pod for which there is no node. */
const LOST = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'lost', namespace: 'default' },
  spec: { nodeSelector: { disk: 'none' }, containers: [{ name: 'main', image: 'web' }] },
};

function newPlan(): SwarmPlan {
  const plan = drawPlan('pool', { chaosMs: 60_000 });
  return { ...plan, objects: [...plan.objects, LOST] };
}

test('WorkerPool runs a plan in a process of its own, with the same trace each time', async () => {
  const plan = drawPlan('pool', { chaosMs: 10_000, faults: [] });
  const [first, second] = [await pool.run({ plan }), await pool.run({ plan })];
  assert.deepEqual(first?.verdict.violations, []);
  assert.equal(first.verdict.ok, true);
  assert.deepEqual(second?.verdict, first.verdict);
});

test('WorkerPool shrinks a plan that fails, and tells its end', async () => {
  const result = await pool.run({ plan: newPlan(), shrinkMs: 60_000 });
  assert.equal(result?.verdict.ok, false);
  const { cluster, objects, faults, actions } = result.plan;
  assert.deepEqual(
    { nodes: cluster.nodes, objects, faults, actions },
    { nodes: 1, objects: [LOST], faults: [], actions: [] },
  );
  assert.match(result.timeline ?? '', /FailedScheduling/);
});

test('WorkerPool has a result also when the process of a run ends, and goes on', async () => {
  const killing = new WorkerPool();
  const running = killing.run({ plan: newPlan() });
  killing.killAll();
  const result = await running;
  assert.equal(result?.verdict.ok, false);
  assert.deepEqual(result.verdict.violations, [
    { checker: 'process', atMs: 0, message: 'its process ended: SIGKILL' },
  ]);
  const next = await killing.run({ plan: drawPlan('pool', { chaosMs: 1000, faults: [] }) });
  assert.equal(next?.verdict.ok, true);
  killing.close();
  assert.equal(await killing.run({ plan: newPlan() }), undefined);
});
