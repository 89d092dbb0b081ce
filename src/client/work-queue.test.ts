import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { newWorkQueue } from './work-queue.ts';

const never = new AbortController().signal;

test('newWorkQueue gives a key once however often it was added, in order of the first addition', async () => {
  const queue = newWorkQueue({ clock: newSimulatedClock() });
  for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
  deepEqual([await queue.get(never), await queue.get(never), await queue.get(never)], ['a', 'b', 'c']);
  equal(queue.depth, 0);
});

test('newWorkQueue gives a key that was added while worked on only after it is done', async () => {
  const queue = newWorkQueue({ clock: newSimulatedClock() });
  queue.add('a');
  await queue.get(never);
  queue.add('a');
  equal(queue.depth, 0);
  equal(queue.idle, false);
  queue.done('a');
  equal(await queue.get(never), 'a');
  queue.done('a');
  equal(queue.idle, true);
});

test('newWorkQueue keeps the earliest of several delays', async () => {
  const clock = newSimulatedClock();
  const queue = newWorkQueue({ clock });
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 300);
  await clock.advance(99);
  equal(queue.depth, 0);
  await clock.advance(1);
  equal(queue.depth, 1);
  equal(clock.pendingTimers, 0);
});

test('newWorkQueue backs off from 5 ms, doubling to 1000 s, until forgotten', async () => {
  const clock = newSimulatedClock();
  const queue = newWorkQueue({ clock });
  const delays: number[] = [];
  for (let i = 0; i < 20; i++) {
    if (i === 19) queue.forget('a');
    const startMs = clock.monotonicMs();
    queue.addRateLimited('a');
    await clock.runUntilIdle();
    delays.push(clock.monotonicMs() - startMs);
    queue.done(await queue.get(never));
  }
  deepEqual(delays.slice(0, 6), [5, 10, 20, 40, 80, 160]);
  deepEqual(delays.slice(17), [655_360, 1_000_000, 5]);
});

test('newWorkQueue ends a wait with the reason of the abort, and gives the next key to another worker', async () => {
  const queue = newWorkQueue({ clock: newSimulatedClock() });
  const stop = new AbortController();
  const first = queue.get(stop.signal);
  const second = queue.get(never);
  stop.abort(new Error('enough'));
  await rejects(first, /enough/);
  queue.add('a');
  equal(await second, 'a');
});

test('newWorkQueue never gives one key to two workers, and loses no addition', async () => {
  const command = fc.record({
    kind: fc.constantFrom('add', 'get', 'done', 'addAfter', 'advance'),
    key: fc.constantFrom('a', 'b', 'c', 'd'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 120 }), async (commands) => {
      const clock = newSimulatedClock();
      const queue = newWorkQueue({ clock });
      const working = new Set<string>();
      const owed = new Set<string>();
      const take = async () => {
        const key = await queue.get(never);
        equal(working.has(key), false);
        working.add(key);
        owed.delete(key);
      };
      for (const { kind, key } of commands) {
        if (kind === 'add') {
          queue.add(key);
          owed.add(key);
        } else if (kind === 'addAfter') {
          queue.addAfter(key, 10);
          owed.add(key);
        } else if (kind === 'advance') {
          await clock.advance(7);
        } else if (kind === 'get' && queue.depth > 0) {
          await take();
        } else if (kind === 'done' && working.delete(key)) {
          queue.done(key);
        }
      }
      for (const key of working) queue.done(key);
      working.clear();
      await clock.runUntilIdle();
      while (queue.depth > 0) await take();
      deepEqual([...owed], []);
    }),
  );
});

test('newWorkQueue leaves the back-off alone of a key that fails again while it runs', async () => {
  const clock = newSimulatedClock();
  const queue = newWorkQueue({ clock });
  queue.addRateLimited('a');
  for (let event = 0; event < 20; event++) queue.addRateLimited('a');
  equal(queue.failuresOf('a'), 1);
  await clock.advance(5);
  equal(await queue.get(never), 'a');
  queue.addRateLimited('a');
  queue.done('a');
  equal(queue.failuresOf('a'), 2);
  await clock.advance(9);
  equal(queue.depth, 0);
  await clock.advance(1);
  equal(queue.depth, 1);
});

test('newWorkQueue begins the back-off anew after a success, also while an old one runs', async () => {
  const clock = newSimulatedClock();
  const queue = newWorkQueue({ clock });
  for (let failure = 0; failure < 10; failure++) {
    queue.addRateLimited('a');
    await clock.advance(failure < 9 ? 10_000 : 0);
  }
  queue.forget('a');
  queue.addRateLimited('a');
  await clock.advance(5);
  equal(queue.depth, 1);
});
