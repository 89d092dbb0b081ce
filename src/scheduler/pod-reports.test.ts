import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusPatch, unschedulableCondition } from './pod-reports.ts';
import { newPod } from './scheduler.fixture.ts';

const NOW = Date.UTC(2026, 0, 2);
const EARLIER = '2026-01-01T00:00:00Z';

test('statusPatch writes only what is new, and keeps the time of the transition', () => {
  const condition = unschedulableCondition('no');
  const fresh = statusPatch(newPod('p'), { condition }, NOW);
  assert.deepEqual(fresh, { conditions: [{ ...condition, lastTransitionTime: '2026-01-02T00:00:00Z' }] });
  const told = newPod('p', { status: { conditions: [{ ...condition, lastTransitionTime: EARLIER }] } });
  assert.equal(statusPatch(told, { condition, nominatedNodeName: '' }, NOW), undefined);
  const otherwise = unschedulableCondition('still no');
  assert.deepEqual(statusPatch(told, { condition: otherwise }, NOW), {
    conditions: [{ ...otherwise, lastTransitionTime: EARLIER }],
  });
});

test('statusPatch sets and clears a nomination', () => {
  assert.deepEqual(statusPatch(newPod('p'), { nominatedNodeName: 'a' }, NOW), { nominatedNodeName: 'a' });
  const nominated = newPod('p', { status: { nominatedNodeName: 'a' } });
  assert.equal(statusPatch(nominated, { nominatedNodeName: 'a' }, NOW), undefined);
  assert.deepEqual(statusPatch(nominated, { nominatedNodeName: '' }, NOW), { nominatedNodeName: null });
});
