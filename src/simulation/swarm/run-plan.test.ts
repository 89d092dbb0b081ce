import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPlan } from './draw-plan.ts';
import { runPlan } from './run-plan.ts';

test('runPlan gives the same trace for the same plan, and another for another seed', async () => {
  const plan = drawPlan('twice', { chaosMs: 180_000 });
  const first = await runPlan(plan);
  assert.deepEqual(await runPlan(plan), first);
  assert.notEqual((await runPlan({ ...plan, seed: 'another' })).traceHash, first.traceHash);
});

test('runPlan reports what is not as desired long after the last fault', async () => {
  const plan = drawPlan('never', { chaosMs: 1000, faults: [] });
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'lost', namespace: 'default' },
    spec: { nodeSelector: { disk: 'none' }, containers: [{ name: 'main', image: 'web' }] },
  };
  const { ok, unconverged } = await runPlan({ ...plan, objects: [pod], actions: [] });
  assert.equal(ok, false);
  assert.deepEqual(unconverged, ['Pod default/lost is not ready: on no node, Pending']);
});
