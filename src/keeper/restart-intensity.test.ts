import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DELAY_CAP_MS, evaluateRestart, NO_RESTARTS, type RestartDecision } from './restart-intensity.ts';

/** Ends at the given times, each after having run for `ranMs`. */
function endAt(times: readonly number[], ranMs = 0): RestartDecision[] {
  const decisions: RestartDecision[] = [];
  let history = NO_RESTARTS;
  for (const atMs of times) {
    const decision = evaluateRestart(history, { atMs, ranMs });
    history = decision.history;
    decisions.push(decision);
  }
  return decisions;
}

test('evaluateRestart doubles the delay from 0.1 s', () => {
  assert.deepEqual(
    endAt([0, 1, 2, 3, 4]).map(({ delayMs }) => delayMs),
    [100, 200, 400, 800, 1_600],
  );
});

test('evaluateRestart says once that a child ends too often, and keeps the delay at the cap', () => {
  const decisions = endAt([0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(
    decisions.map(({ becameTooFrequent }) => becameTooFrequent),
    [false, false, false, false, false, true, false],
  );
  assert.deepEqual(
    decisions.slice(5).map(({ delayMs }) => delayMs),
    [DELAY_CAP_MS, DELAY_CAP_MS],
  );
});

test('evaluateRestart stays at the cap for rare ends until the child has run well', () => {
  const times = Array.from({ length: 14 }, (_, i) => i * 31_000);
  assert.equal(endAt(times).at(-1)?.delayMs, DELAY_CAP_MS);
  const capped = endAt([0, 1, 2, 3, 4, 5]).at(-1)!;
  const well = evaluateRestart(capped.history, { atMs: 200_000, ranMs: 60_000 });
  assert.equal(well.delayMs, 100);
  assert.equal(well.history.isCapped, false);
});
