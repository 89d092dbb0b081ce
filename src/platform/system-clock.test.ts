import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './system-clock.ts';
import { systemRandom } from './system-random.ts';

test('systemClock.sleep rejects with the reason when the signal aborts', async () => {
  const controller = new AbortController();
  const slept = systemClock.sleep(60_000, controller.signal);
  controller.abort('enough');
  await assert.rejects(slept, (reason) => reason === 'enough');
});

test('systemClock.setTimer does not fire a delay past 2^31 ms at once', async () => {
  let fired = false;
  const timer = systemClock.setTimer(2 ** 40, () => {
    fired = true;
  });
  await systemClock.sleep(20, new AbortController().signal);
  timer.cancel();
  assert.equal(fired, false);
});

test('systemRandom.next lies in [0, 1) and bytes has the length asked for', () => {
  for (let i = 0; i < 1000; i++) {
    const value = systemRandom.next();
    assert.ok(value >= 0 && value < 1);
  }
  assert.equal(systemRandom.bytes(33).length, 33);
});
