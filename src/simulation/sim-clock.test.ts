import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedClock, SIMULATION_START_MS } from './sim-clock.ts';

const never = new AbortController().signal;

test('newSimulatedClock stands still until it is advanced', async () => {
  const clock = newSimulatedClock();
  let fired = false;
  clock.setTimer(0, () => {
    fired = true;
  });
  await clock.settle();
  assert.equal(fired, false);
  assert.equal(clock.now(), SIMULATION_START_MS);
  await clock.advance(0);
  assert.equal(fired, true);
});

test('advance fires timers by due time, then by the order in which they were set', async () => {
  const clock = newSimulatedClock(0);
  const seen: string[] = [];
  for (const [name, delayMs] of Object.entries({ c: 30, a: 10, b: 10, d: 40 })) {
    clock.setTimer(delayMs, () => seen.push(`${name}@${clock.now()}`));
  }
  await clock.advance(30);
  assert.deepEqual(seen, ['a@10', 'b@10', 'c@30']);
  assert.equal(clock.pendingTimers, 1);
  assert.equal(clock.now(), 30);
});

test('advance lets any depth of promises settle before the next timer fires', async () => {
  const clock = newSimulatedClock(0);
  const seen: string[] = [];
  const settleDeep = async () => {
    for (let i = 0; i < 3000; i++) await Promise.resolve();
    seen.push(`deep@${clock.now()}`);
  };
  clock.setTimer(1, () => void settleDeep());
  clock.setTimer(2, () => seen.push(`next@${clock.now()}`));
  await clock.advance(5);
  assert.deepEqual(seen, ['deep@1', 'next@2']);
});

test('advance fires a timer that a callback sets within the span, at its own time', async () => {
  const clock = newSimulatedClock(0);
  const seen: number[] = [];
  const tick = () => {
    seen.push(clock.now());
    clock.setTimer(10, tick);
  };
  tick();
  await clock.advance(35);
  assert.deepEqual(seen, [0, 10, 20, 30]);
});

test('cancel keeps a timer from firing, and does nothing the second time or after it fired', async () => {
  const clock = newSimulatedClock(0);
  let fired = 0;
  const cancelled = clock.setTimer(1, () => fired++);
  const kept = clock.setTimer(2, () => fired++);
  cancelled.cancel();
  cancelled.cancel();
  await clock.runUntilIdle();
  kept.cancel();
  assert.equal(fired, 1);
  assert.equal(clock.pendingTimers, 0);
});

test('sleep resolves at its time, and rejects with the reason when the signal aborts', async () => {
  const clock = newSimulatedClock(0);
  const controller = new AbortController();
  const slept = clock.sleep(10, never).then(() => clock.now());
  const aborted = clock.sleep(1000, controller.signal).catch((reason: unknown) => reason);
  await clock.advance(10);
  assert.equal(await slept, 10);
  controller.abort('enough');
  assert.equal(await aborted, 'enough');
  assert.equal(clock.pendingTimers, 0);
});

test('runUntilIdle ends at the last timer and refuses a loop that has no end', async () => {
  const clock = newSimulatedClock(0);
  clock.setTimer(5, () => clock.setTimer(7, () => {}));
  await clock.runUntilIdle();
  assert.equal(clock.monotonicMs(), 12);
  const forever = () => clock.setTimer(1000, forever);
  forever();
  await assert.rejects(clock.runUntilIdle(60_000), /not idle after 60000 ms/);
});

test('jumpWall moves wall time alone', async () => {
  const clock = newSimulatedClock(1000);
  clock.jumpWall(-500);
  assert.equal(clock.now(), 500);
  assert.equal(clock.monotonicMs(), 0);
});

test('advanceTo refuses to go back', async () => {
  const clock = newSimulatedClock(1000);
  await clock.advanceTo(1500);
  await assert.rejects(clock.advanceTo(1400), /cannot go back/);
});

test('nextTimerMs is the way to the earliest timer that is not cancelled', () => {
  const clock = newSimulatedClock();
  assert.equal(clock.nextTimerMs, undefined);
  clock.setTimer(70, () => {});
  const soon = clock.setTimer(5, () => {});
  assert.equal(clock.nextTimerMs, 5);
  soon.cancel();
  assert.equal(clock.nextTimerMs, 70);
});
