import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../base/clock.ts';
import { newDeferred } from '../base/deferred.ts';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import {
  CHECK_INTERVAL_MS,
  type Liveness,
  STARTING_MAX_MS,
  UNANSWERED_MAX_MS,
  watchForHang,
} from './watchdog.ts';

type Check = (signal: AbortSignal) => Promise<void>;

/** Watches on a clock of its own; `hungAtMs` is when the child was taken for hung. */
function watch(
  checkLiveness: Check,
  clockOf: (clock: Clock) => Clock = (clock) => clock,
  more: Pick<Liveness, 'untilDoubtful'> = {},
) {
  const clock = newSimulatedClock();
  const stop = new AbortController();
  const watched: { hungAtMs?: number } = {};
  const ended = watchForHang({ checkLiveness, ...more }, clockOf(clock), stop.signal).then(
    () => {
      watched.hungAtMs = clock.monotonicMs();
    },
    () => {},
  );
  const stopped = () => {
    stop.abort(new Error('over'));
    return ended;
  };
  return { clock, watched, stop: stopped };
}

test('watchForHang takes a child for hung that has not answered for 10 s', async () => {
  let answers = 0;
  const { clock, watched } = watch(() => (++answers <= 5 ? Promise.resolve() : new Promise(() => {})));
  await clock.advance(60_000);
  assert.equal(watched.hungAtMs, 4 * CHECK_INTERVAL_MS + UNANSWERED_MAX_MS);
});

test('watchForHang counts a check that fails as unanswered', async () => {
  let answers = 0;
  const check = () => (++answers <= 1 ? Promise.resolve() : Promise.reject(new Error('refused')));
  const { clock, watched } = watch(check);
  await clock.advance(60_000);
  assert.equal(watched.hungAtMs, UNANSWERED_MAX_MS);
});

test('watchForHang leaves a child that has never answered 60 s to start', async () => {
  const { clock, watched } = watch(() => Promise.reject(new Error('refused')));
  await clock.advance(120_000);
  assert.equal(watched.hungAtMs, STARTING_MAX_MS);
});

test('watchForHang gives up a check when the next one is due, and hears its late answer no more', async () => {
  const late: (() => void)[] = [];
  const given: AbortSignal[] = [];
  const { clock, watched } = watch((signal) => {
    given.push(signal);
    return new Promise((resolve) => late.push(resolve));
  });
  await clock.advance(CHECK_INTERVAL_MS);
  assert.deepEqual(
    given.map(({ aborted }) => aborted),
    [true, false],
  );
  for (; late.length < 30; await clock.advance(CHECK_INTERVAL_MS)) late.at(-2)?.();
  assert.equal(watched.hungAtMs, undefined);
  await clock.advance(CHECK_INTERVAL_MS);
  assert.equal(watched.hungAtMs, STARTING_MAX_MS);
});

test('watchForHang counts anew after the machine was suspended, also within a check', async () => {
  let sleptMs = 0;
  let answers = 0;
  const check = () => (++answers <= 1 ? Promise.resolve() : new Promise<void>(() => {}));
  const { clock, watched } = watch(check, (base) => ({
    ...base,
    now: () => base.now(),
    monotonicMs: () => base.monotonicMs() + sleptMs,
    setTimer: (delayMs, callback) => base.setTimer(delayMs, callback),
    sleep: (delayMs, signal) => base.sleep(delayMs, signal),
  }));
  await clock.advance(CHECK_INTERVAL_MS + 1);
  sleptMs = 3_600_000;
  await clock.advance(CHECK_INTERVAL_MS + UNANSWERED_MAX_MS - 2);
  assert.equal(watched.hungAtMs, undefined);
  await clock.advance(2);
  assert.equal(watched.hungAtMs, 2 * CHECK_INTERVAL_MS + UNANSWERED_MAX_MS);
});

test('watchForHang gives up its check when it is stopped', async () => {
  let given: AbortSignal | undefined;
  const { clock, stop } = watch((signal) => {
    given = signal;
    return new Promise(() => {});
  });
  await clock.settle();
  await stop();
  assert.equal(given?.aborted, true);
  assert.equal(clock.pendingTimers, 0);
});

test('watchForHang asks nobody of whom there is no doubt, and finds a hang when it would have found it asking', async () => {
  const hangsAtMs = 60_500;
  const found = [];
  for (const knows of [false, true]) {
    let asked = 0;
    let doubt = newDeferred();
    let isHung = false;
    const check = async () => {
      asked++;
      if (isHung) await new Promise(() => {});
    };
    const knowing = { untilDoubtful: () => doubt.promise };
    const { clock, watched, stop } = watch(check, undefined, knows ? knowing : {});
    // Two times a doubt without a reason: the child is asked, and answers.
    for (const atMs of [7000, 20_300]) {
      await clock.advance(atMs - clock.monotonicMs());
      const before = doubt;
      doubt = newDeferred();
      before.resolve();
    }
    await clock.advance(hangsAtMs - clock.monotonicMs());
    isHung = true;
    doubt.resolve();
    await clock.advance(60_000);
    found.push({ hungAtMs: watched.hungAtMs, asked: knows ? asked < 12 : asked > 30 });
    await stop();
  }
  const hungAtMs = 60_000 + UNANSWERED_MAX_MS;
  assert.deepEqual(found, [
    { hungAtMs, asked: true },
    { hungAtMs, asked: true },
  ]);
});
