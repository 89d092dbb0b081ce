import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { newSimulatedClock } from '../sim-clock.ts';
import { Life } from './life.ts';

const never = new AbortController().signal;

test('Life runs its timers, and none of them after its end', async () => {
  const clock = newSimulatedClock();
  const life = new Life(clock);
  const fired: string[] = [];
  life.clock.setTimer(10, () => fired.push('early'));
  life.clock.setTimer(30, () => fired.push('late'));
  await clock.advance(20);
  life.end();
  life.clock.setTimer(1, () => fired.push('after the end'));
  await clock.advance(100);
  deepEqual(fired, ['early']);
  equal(clock.pendingTimers, 0);
});

test('Life never settles a call that it did not live to hear of, so that no finally of it runs', async () => {
  const clock = newSimulatedClock();
  const life = new Life(clock);
  const seen: string[] = [];
  const act = async () => {
    try {
      await life.call(() => clock.sleep(10, never));
      seen.push('answered');
    } finally {
      seen.push('finally');
    }
  };
  void act();
  await clock.advance(5);
  life.end();
  await clock.advance(50);
  deepEqual(seen, []);
});

test('Life holds back what arrives while it is frozen, and lets it in, in order, at the thaw', async () => {
  const clock = newSimulatedClock();
  const machine = new Life(clock);
  const process = new Life(machine);
  const seen: string[] = [];
  process.clock.setTimer(10, () => seen.push('timer 10'));
  process.clock.setTimer(20, () => seen.push('timer 20'));
  machine.freeze();
  ok(process.isFrozen);
  await clock.advance(100);
  equal(seen.length, 0);
  process.enter(() => seen.push('message'));
  machine.thaw();
  await clock.settle();
  deepEqual(seen, ['timer 10', 'timer 20', 'message']);
});

test('Life lets nothing in that waited for a machine to thaw, when the process has died meanwhile', async () => {
  const clock = newSimulatedClock();
  const machine = new Life(clock);
  const process = new Life(machine);
  const seen: string[] = [];
  machine.freeze();
  process.enter(() => {
    seen.push('message');
  });
  process.end();
  machine.thaw();
  await clock.settle();
  deepEqual(seen, []);
});

test('Life ends with its machine', () => {
  const machine = new Life(newSimulatedClock());
  const process = new Life(machine);
  machine.end();
  ok(process.hasEnded);
});

test('Life counts each call and each answer as a step, and can be ended at any of them', async () => {
  for (let last = 1; last <= 4; last++) {
    const life = new Life(newSimulatedClock());
    const happened: string[] = [];
    const call = (name: string) => life.call(async () => happened.push(name));
    const act = async () => {
      await call('first');
      happened.push('first heard');
      await call('second');
      happened.push('second heard');
    };
    void act();
    life.killAfterSteps(last);
    await new Promise(setImmediate);
    // The first call had gone out before the count began.
    const all = ['first', 'first heard', 'second', 'second heard'];
    deepEqual(happened, all.slice(0, last), `step ${last}`);
  }
});

test('Life reads a stream to its end, and closes it at its own', async () => {
  const clock = newSimulatedClock();
  const life = new Life(clock);
  let closed = false;
  async function* source(signal: AbortSignal) {
    signal.addEventListener('abort', () => {
      closed = true;
    });
    yield 1;
    await clock.sleep(1000, signal);
    yield 2;
  }
  const seen: number[] = [];
  const read = async () => {
    for await (const value of life.read((signal) => source(signal), never)) seen.push(value);
  };
  void read();
  await clock.advance(10);
  life.end();
  await clock.advance(5000);
  deepEqual(seen, [1]);
  ok(closed);
});

test("Life's wall clock may be wrong while its timers are right", async () => {
  const clock = newSimulatedClock();
  const life = new Life(clock);
  life.skewMs = -60_000;
  equal(life.clock.now(), clock.now() - 60_000);
  let firedMs = 0;
  life.clock.setTimer(50, () => {
    firedMs = clock.monotonicMs();
  });
  await clock.advance(100);
  equal(firedMs, 50);
});

test('Life sleeps as any clock does: an abort ends it', async () => {
  const clock = newSimulatedClock();
  const life = new Life(clock);
  const stop = new AbortController();
  const sleeping = rejects(life.clock.sleep(1000, stop.signal), /enough/);
  stop.abort(new Error('enough'));
  await sleeping;
  equal(clock.pendingTimers, 0);
});
