import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Probe } from '../../api/generated/core-v1.ts';
import type { ProbeType } from '../pod-observation.ts';
import { accumulate, initialProbeState, quietProbeMoments } from './probe-accumulator.ts';

/** The results that count after each of `outcomes`: `+` is a pass, `-` a failure. */
function results(outcomes: string, probe: Probe, type: ProbeType): string {
  let state = initialProbeState(type);
  return outcomes
    .split('')
    .map((outcome) => {
      state = accumulate(state, outcome === '+' ? 'success' : 'failure', probe, type);
      return state.result === 'success' ? '+' : state.result === 'failure' ? '-' : '?';
    })
    .join('');
}

test('accumulate lets only as many equal results in a row count as the thresholds say', () => {
  assert.equal(results('--+--+---+', {}, 'liveness'), '++++++++-+');
  assert.equal(
    results('++-+++--+++', { successThreshold: 3, failureThreshold: 2 }, 'readiness'),
    '-----++---+',
  );
  assert.equal(results('--+', { failureThreshold: 5 }, 'startup'), '??+');
});

test('accumulate puts a startup or liveness probe that has failed on hold, a readiness probe never', () => {
  const failed = (type: ProbeType) =>
    accumulate(initialProbeState(type), 'failure', { failureThreshold: 1 }, type);
  assert.deepEqual(
    (['startup', 'liveness', 'readiness'] as const).map((type) => failed(type).onHold),
    [true, true, false],
  );
});

test('quietProbeMoments are within the first period, and double', () => {
  assert.deepEqual(quietProbeMoments({ periodSeconds: 1 }, 'readiness'), [0, 25, 75, 175, 375, 775]);
});

test('quietProbeMoments are none for liveness, for commands, and for who must pass more than once', () => {
  assert.deepEqual(quietProbeMoments({}, 'liveness'), []);
  assert.deepEqual(quietProbeMoments({ exec: { command: ['true'] } }, 'readiness'), []);
  assert.deepEqual(quietProbeMoments({ successThreshold: 2 }, 'readiness'), []);
});
