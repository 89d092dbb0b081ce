import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { CoarseTimers } from './coarse-timers.ts';

test('CoarseTimers fires in the first whole second that is not too early, in the order of setting', async () => {
  const clock = newSimulatedClock();
  const timers = new CoarseTimers(clock);
  const fired: [string, number][] = [];
  const set = (name: string, delayMs: number) =>
    timers.set(delayMs, () => fired.push([name, clock.monotonicMs()]));
  await clock.advance(300);
  for (const [name, delayMs] of [
    ['b', 1600],
    ['now', 0],
    ['exact', 700],
    ['late', 701],
    ['a', 1700],
  ] as const) {
    set(name, delayMs);
  }
  assert.equal(clock.pendingTimers, 2);
  await clock.advance(5000);
  assert.deepEqual(fired, [
    ['now', 1000],
    ['exact', 1000],
    ['b', 2000],
    ['late', 2000],
    ['a', 2000],
  ]);
});

test('CoarseTimers keeps one timer that nobody waits for, and fires none that was cancelled', async () => {
  const clock = newSimulatedClock();
  const timers = new CoarseTimers(clock);
  const fired: string[] = [];
  const lonely = timers.set(500, () => fired.push('lonely'));
  lonely.cancel();
  lonely.cancel();
  timers.set(1500, () => fired.push('later')).cancel();
  assert.equal(clock.pendingTimers, 1);
  timers.set(500, () => {
    fired.push('first');
    second.cancel();
    timers.set(0, () => fired.push('again'));
  });
  const second = timers.set(500, () => fired.push('second'));
  await clock.advance(1000);
  assert.deepEqual(fired, ['first', 'again']);
  await clock.advance(1000);
  assert.equal(clock.pendingTimers, 0);
});
