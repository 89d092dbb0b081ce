import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { newPacedClock } from './paced-clock.ts';

test('newPacedClock passes as many milliseconds for each of its base as its speed says', async () => {
  const base = newSimulatedClock(5000);
  const clock = newPacedClock(base, 10);
  equal(clock.now(), 5000);
  const fired: number[] = [];
  clock.setTimer(1000, () => fired.push(clock.monotonicMs()));
  clock.setTimer(500, () => fired.push(clock.monotonicMs())).cancel();
  equal(clock.pendingTimers, 1);
  equal(clock.nextTimerMs, 1000);
  await base.advance(99);
  deepEqual(fired, []);
  equal(clock.nextTimerMs, 10);
  await base.advance(1);
  deepEqual(fired, [1000]);
  equal(clock.pendingTimers, 0);
  equal(clock.nextTimerMs, undefined);
  equal(clock.now(), 6000);
});

test('newPacedClock waits where a simulated clock is advanced', async () => {
  const base = newSimulatedClock(0);
  const clock = newPacedClock(base, 2);
  let atMs = -1;
  void clock.advance(100).then(() => {
    atMs = base.monotonicMs();
  });
  await base.advance(200);
  equal(atMs, 50);
  clock.jumpWall(-1000);
  equal(clock.now(), -600);
  equal(clock.monotonicMs(), 400);
});

test('newPacedClock sleeps until its time or the abort, and leaves no timer', async () => {
  const base = newSimulatedClock(0);
  const clock = newPacedClock(base, 1);
  const controller = new AbortController();
  const slept = clock.sleep(10, controller.signal).then(() => clock.monotonicMs());
  const aborted = rejects(clock.sleep(1000, controller.signal), /enough/);
  await base.advance(10);
  equal(await slept, 10);
  controller.abort(new Error('enough'));
  await aborted;
  await rejects(clock.sleep(1, controller.signal), /enough/);
  equal(clock.pendingTimers, 0);
  equal(base.pendingTimers, 0);
});

test('newPacedClock.runUntilIdle ends with the last timer', async () => {
  const base = newSimulatedClock(0);
  const clock = newPacedClock(base, 1);
  clock.setTimer(5, () => clock.setTimer(7, () => {}));
  let isIdle = false;
  void clock.runUntilIdle().then(() => {
    isIdle = true;
  });
  await base.advance(11);
  ok(!isIdle);
  await base.advance(1);
  ok(isIdle);
});
