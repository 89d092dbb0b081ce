import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/generated/policy-v1.ts';
import { StatusError } from '../../base/status-error.ts';
import { chargeBudget, evaluateEviction } from './evaluate-eviction.ts';

const NOW = '2026-01-01T00:00:00Z';

function pod(phase: string, isReady: boolean, deletionTimestamp?: string): Pod {
  const metadata = { name: 'web-1', ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) };
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }];
  return { metadata, spec: {}, status: { phase, conditions } } as unknown as Pod;
}

function budget(status: PodDisruptionBudgetStatus, unhealthyPodEvictionPolicy?: string): PodDisruptionBudget {
  const spec = unhealthyPodEvictionPolicy === undefined ? {} : { unhealthyPodEvictionPolicy };
  return {
    metadata: { name: 'web', generation: 1 },
    spec,
    status: { observedGeneration: 1, ...status },
  } as unknown as PodDisruptionBudget;
}

test('evaluateEviction asks no budget for a Pod that serves nobody', () => {
  const full = budget({ disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 2 });
  for (const gone of [
    pod('Succeeded', false),
    pod('Failed', false),
    pod('Pending', false),
    pod('Running', true, NOW),
  ]) {
    assert.equal(evaluateEviction(gone, [full]).kind, 'evict');
  }
});

test('evaluateEviction charges the one budget of a ready Pod and refuses when there are two', () => {
  const one = budget({ disruptionsAllowed: 1 });
  assert.deepEqual(evaluateEviction(pod('Running', true), [one]), { kind: 'charge', budget: one });
  assert.deepEqual(evaluateEviction(pod('Running', true), []), { kind: 'evict', unchanged: false });
  const decision = evaluateEviction(pod('Running', true), [one, one]);
  assert.equal(decision.kind === 'refuse' && decision.error.code, 500);
});

test('evaluateEviction lets an unhealthy Pod go when the healthy ones suffice, or by AlwaysAllow', () => {
  const unready = pod('Running', false);
  const enough = budget({ currentHealthy: 2, desiredHealthy: 2, disruptionsAllowed: 0 });
  const tooFew = { currentHealthy: 1, desiredHealthy: 2, disruptionsAllowed: 0 };
  assert.deepEqual(evaluateEviction(unready, [enough]), { kind: 'evict', unchanged: true });
  assert.equal(evaluateEviction(unready, [budget(tooFew)]).kind, 'charge');
  assert.equal(evaluateEviction(unready, [budget(tooFew, 'AlwaysAllow')]).kind, 'evict');
});

test('chargeBudget takes one disruption and notes the Pod', () => {
  const charged = chargeBudget(budget({ disruptionsAllowed: 2, disruptedPods: { old: NOW } }), 'web-1', NOW);
  assert.equal(charged.disruptionsAllowed, 1);
  assert.deepEqual(charged.disruptedPods, { old: NOW, 'web-1': NOW });
  assert.equal(charged.conditions, undefined);
  const last = chargeBudget(budget({ disruptionsAllowed: 1 }), 'web-1', NOW);
  assert.equal(last.conditions?.[0]?.reason, 'InsufficientPods');
});

test('chargeBudget refuses with the reason why there is none to take', () => {
  const messageOf = (status: PodDisruptionBudgetStatus): string | undefined => {
    try {
      chargeBudget(budget(status), 'web-1', NOW);
    } catch (error) {
      return error instanceof StatusError
        ? (error.details?.causes?.[0]?.message ?? error.message)
        : undefined;
    }
    return undefined;
  };
  assert.match(
    messageOf({ disruptionsAllowed: 0, desiredHealthy: 3, currentHealthy: 1 }) ?? '',
    /needs 3 healthy pods and has 1 currently/,
  );
  assert.match(
    messageOf({ observedGeneration: 0, disruptionsAllowed: 5 }) ?? '',
    /still being processed by the server/,
  );
  assert.match(messageOf({ disruptionsAllowed: -1 }) ?? '', /pdb disruptions allowed is negative/);
  const failed = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'SyncFailed',
    message: 'no scale',
    lastTransitionTime: NOW,
  };
  assert.match(
    messageOf({ disruptionsAllowed: 0, conditions: [failed] }) ?? '',
    /because it failed sync: no scale/,
  );
});
