import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { EvictionQueue } from './eviction-queue.ts';

test('EvictionQueue gives the first turn at once and one every 10 s after, first come first', () => {
  const queue = new EvictionQueue();
  for (const name of ['a', 'b', 'c']) queue.enlist(name, '');
  deepEqual(queue.turnOf('a', '', 0), { kind: 'now' });
  deepEqual(queue.turnOf('b', '', 0), { kind: 'wait', waitMs: 10_000 });
  queue.take('a', '', 0);
  deepEqual(queue.turnOf('b', '', 4000), { kind: 'wait', waitMs: 6000 });
  deepEqual(queue.turnOf('c', '', 4000), { kind: 'wait', waitMs: 16_000 });
  deepEqual(queue.turnOf('b', '', 10_000), { kind: 'now' });
});

test('EvictionQueue keeps a turn that was taken until the node is withdrawn', () => {
  const queue = new EvictionQueue();
  queue.take('a', '', 0);
  deepEqual(queue.turnOf('a', '', 1), { kind: 'now' });
  queue.withdraw('a');
  deepEqual(queue.turnOf('a', '', 1), { kind: 'wait', waitMs: 9999 });
});

test('EvictionQueue halts a zone with rate 0, and begins to wait anew when it goes on', () => {
  const queue = new EvictionQueue();
  equal(queue.setRate('z', 0, 0), true);
  equal(queue.setRate('z', 0, 0), false);
  deepEqual(queue.turnOf('a', 'z', 100_000), { kind: 'halted' });
  equal(queue.setRate('z', 0.1, 100_000), true);
  deepEqual(queue.turnOf('a', 'z', 100_000), { kind: 'wait', waitMs: 10_000 });
});

test('EvictionQueue does not make a zone wait whose token was there when its rate changed', () => {
  const queue = new EvictionQueue();
  queue.setRate('z', 0.01, 0);
  queue.setRate('z', 0.1, 0);
  deepEqual(queue.turnOf('a', 'z', 0), { kind: 'now' });
});

test('EvictionQueue never gives more turns than the rate allows, whatever is asked', () => {
  const step = record({
    name: constantFrom('a', 'b', 'c', 'd'),
    afterMs: integer({ min: 0, max: 8000 }),
    act: constantFrom('ask', 'withdraw', 'halt', 'go on'),
  });
  assert(
    property(array(step, { maxLength: 60 }), (steps) => {
      const queue = new EvictionQueue();
      const takenMs: number[] = [];
      const taken = new Set<string>();
      let nowMs = 0;
      for (const { name, afterMs, act } of steps) {
        nowMs += afterMs;
        if (act === 'halt') queue.setRate('z', 0, nowMs);
        else if (act === 'go on') queue.setRate('z', 0.1, nowMs);
        else if (act === 'withdraw') {
          queue.withdraw(name);
          taken.delete(name);
        } else if (queue.turnOf(name, 'z', nowMs).kind !== 'now') queue.enlist(name, 'z');
        else {
          queue.take(name, 'z', nowMs);
          if (!taken.has(name)) takenMs.push(nowMs);
          taken.add(name);
        }
      }
      for (let i = 1; i < takenMs.length; i++) ok(takenMs[i]! - takenMs[i - 1]! >= 10_000);
    }),
  );
});
