import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPlan } from './draw-plan.ts';
import type { SwarmPlan } from './plan.ts';
import { shrinkPlan } from './shrink-plan.ts';

const PLAN = drawPlan('shrink', { chaosMs: 1_800_000 });

test('shrinkPlan leaves only what the failure needs', async () => {
  const first = PLAN.faults.find(({ fault }) => fault === 'compaction');
  const needed = PLAN.actions[Math.floor(PLAN.actions.length / 2)]!;
  let runs = 0;
  const fails = async (plan: SwarmPlan) => {
    runs++;
    return plan.faults.some(({ atMs }) => atMs === first!.atMs) && plan.actions.includes(needed);
  };
  const smallest = await shrinkPlan(PLAN, { fails, isOver: () => false });
  assert.equal(smallest.faults.length, 1);
  assert.deepEqual(smallest.actions, [needed]);
  assert.deepEqual(smallest.objects, []);
  assert.equal(smallest.cluster.nodes, 1);
  assert.ok(smallest.chaosMs > needed.atMs && smallest.chaosMs < needed.atMs + 2000);
  assert.ok(runs < 400, `${runs} runs`);
});

test('shrinkPlan stops when its time is over, with the smallest so far', async () => {
  let runs = 0;
  const smallest = await shrinkPlan(PLAN, { fails: async () => ++runs > 0, isOver: () => runs >= 3 });
  assert.equal(runs, 3);
  assert.ok(smallest.chaosMs < PLAN.chaosMs);
});
