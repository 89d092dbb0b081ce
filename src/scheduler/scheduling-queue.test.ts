import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../api/generated/core-v1.ts';
import { newSimulatedClock } from '../simulation/sim-clock.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

function pod(name: string, spec: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'd' },
    spec: { containers: [], ...spec },
  } as unknown as Pod;
}

const taken = (queue: SchedulingQueue) => queue.take()?.metadata.name;

test('SchedulingQueue gives the highest priority first, then the longest waiting', async () => {
  const clock = newSimulatedClock();
  const queue = new SchedulingQueue(clock);
  for (const [name, priority] of [
    ['a', 0],
    ['b', 10],
    ['c', 10],
    ['d', 5],
  ] as const) {
    queue.set(pod(name, { priority }));
    await clock.advance(1);
  }
  assert.deepEqual(
    [taken(queue), taken(queue), taken(queue), taken(queue), taken(queue)],
    ['b', 'c', 'd', 'a', undefined],
  );
});

test('SchedulingQueue keeps an unschedulable Pod until something changes and its back-off is over', async () => {
  const clock = newSimulatedClock();
  const queue = new SchedulingQueue(clock);
  queue.set(pod('a'));
  assert.equal(taken(queue), 'a');
  queue.unschedulable('d/a');
  await clock.advance(60_000);
  assert.equal(taken(queue), undefined);
  queue.flush();
  assert.equal(taken(queue), 'a');
  queue.unschedulable('d/a');
  queue.flush();
  await clock.advance(1999);
  assert.equal(taken(queue), undefined, 'the second back-off is 2 s');
  await clock.advance(1);
  assert.equal(taken(queue), 'a');
});

test('SchedulingQueue tries an unschedulable Pod again after five minutes, and at once when its spec changes', async () => {
  const clock = newSimulatedClock();
  const queue = new SchedulingQueue(clock);
  queue.set(pod('a'));
  queue.take();
  queue.unschedulable('d/a');
  await clock.advance(5 * 60_000);
  assert.equal(taken(queue), 'a');
  queue.unschedulable('d/a');
  queue.set(pod('a', { tolerations: [{ operator: 'Exists' }] }));
  assert.equal(taken(queue), 'a');
  queue.remove('d/a');
  assert.equal(queue.size, 0);
  assert.equal(clock.pendingTimers, 0);
});
