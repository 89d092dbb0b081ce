import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../../api/json.ts';
import { drawPlan } from './draw-plan.ts';
import { parsePlan } from './parse-plan.ts';
import type { SwarmPlan } from './plan.ts';

const PLAN = drawPlan('parse', { chaosMs: 600_000 });

function asJson(plan: unknown): JsonValue {
  return JSON.parse(JSON.stringify(plan));
}

test('parsePlan reads back what was written', () => {
  assert.deepEqual(parsePlan(asJson(PLAN)), PLAN);
});

test('parsePlan names the place of what is wrong', () => {
  const step = { atMs: 1000, parameters: {} };
  const cases: [Partial<Record<keyof SwarmPlan | 'sed', unknown>>, RegExp][] = [
    [{ sed: 1 }, /^unknown field "sed"$/],
    [{ chaosMs: 'long' }, /^"chaosMs" is not what a plan has there$/],
    [{ faults: [{ ...step, fault: 'meteor' }] }, /^faults\[0\]: unknown fault "meteor"/],
    [{ actions: [{ ...step, action: 'pray' }] }, /^actions\[0\]: unknown action "pray"/],
    [
      { actions: [{ ...step, action: 'drain', atMs: 600_000 }] },
      /^actions\[0\]\.atMs must be a time before 600000$/,
    ],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => parsePlan(asJson({ ...PLAN, ...change })), { message });
  }
  assert.throws(() => parsePlan([]), { message: 'a plan is an object' });
});
