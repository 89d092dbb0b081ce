import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PODS } from '../../api/resources.ts';
import type { ApiObject } from '../api-object.ts';
import { planDeletion } from './deletion-plan.ts';
import { type Strategy, strategyOf } from './strategies.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const PLAIN: Strategy = {};
const POD = strategyOf(PODS);

function object(metadata: ApiObject['metadata'] = {}, rest: Partial<ApiObject> = {}): ApiObject {
  return Object.freeze({
    apiVersion: 'v1',
    kind: 'X',
    metadata: Object.freeze({ name: 'x', ...metadata }),
    ...rest,
  });
}

test('planDeletion removes what nothing holds, as it is', () => {
  const old = object();
  assert.deepEqual(planDeletion(PLAIN, old, {}, NOW_MS), { kind: 'remove', final: old });
});

test('planDeletion marks what finalizers hold, and bumps the generation once', () => {
  const plan = planDeletion(PLAIN, object({ finalizers: ['a.io/b'], generation: 3 }), {}, NOW_MS);
  assert.deepEqual(plan, {
    kind: 'mark',
    object: object({
      finalizers: ['a.io/b'],
      generation: 4,
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: 0,
    }),
  });
});

test('planDeletion adds and takes away the garbage collector finalizers by policy', () => {
  const finalizersFor = (propagationPolicy: string, finalizers: string[] = []) => {
    const plan = planDeletion(PLAIN, object({ finalizers }), { propagationPolicy }, NOW_MS);
    return plan.kind === 'mark' ? plan.object.metadata.finalizers : plan.kind;
  };
  assert.deepEqual(finalizersFor('Foreground'), ['foregroundDeletion']);
  assert.deepEqual(finalizersFor('Orphan', ['foregroundDeletion']), ['orphan']);
  assert.equal(finalizersFor('Background', ['orphan']), 'remove');
});

test('planDeletion of a marked object changes no finalizers and is otherwise pending', () => {
  const old = object({
    finalizers: ['a.io/b'],
    deletionTimestamp: '2026-01-01T00:00:00Z',
    deletionGracePeriodSeconds: 0,
  });
  assert.deepEqual(planDeletion(PLAIN, old, { propagationPolicy: 'Orphan' }, NOW_MS), { kind: 'pending' });
});

test('planDeletion gives a running Pod its own grace period, at least a second for a negative one', () => {
  const graceOf = (terminationGracePeriodSeconds: number | undefined, gracePeriodSeconds?: number) => {
    const spec = {
      nodeName: 'n1',
      ...(terminationGracePeriodSeconds === undefined ? {} : { terminationGracePeriodSeconds }),
    };
    const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
    const plan = planDeletion(POD, object({}, { spec }), options, NOW_MS);
    return plan.kind === 'mark' ? plan.object.metadata.deletionGracePeriodSeconds : plan.kind;
  };
  assert.equal(graceOf(undefined), 30);
  assert.equal(graceOf(7), 7);
  assert.equal(graceOf(7, 90), 90);
  assert.equal(graceOf(7, -1), 1);
  assert.equal(graceOf(7, 0), 'remove');
});

test('planDeletion of a forced Pod waits for its finalizers still', () => {
  const old = object(
    { finalizers: ['a.io/b'], deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: 30 },
    { spec: { nodeName: 'n1' } },
  );
  const plan = planDeletion(POD, old, { gracePeriodSeconds: 0 }, NOW_MS);
  assert.equal(plan.kind, 'mark');
  assert.equal(plan.kind === 'mark' && plan.object.metadata.deletionTimestamp, '2026-01-01T00:00:00Z');
});
