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

test('SchedulingQueue keeps an unschedulable Pod until a change may help it', async () => {
  const clock = newSimulatedClock();
  const queue = new SchedulingQueue(clock);
  queue.set(pod('a'));
  assert.equal(taken(queue), 'a');
  queue.unschedulable('d/a', new Set(['NodeResourcesFit']));
  await clock.advance(60_000);
  assert.equal(taken(queue), undefined);
  queue.flush('NodeTaintsChanged');
  assert.equal(taken(queue), undefined, 'taints were not the reason');
  queue.flush('PodGone');
  assert.equal(taken(queue), 'a');
});

test('SchedulingQueue makes a Pod wait out its back-off only behind others', async () => {
  const clock = newSimulatedClock();
  const queue = new SchedulingQueue(clock);
  queue.set(pod('a', { priority: 5 }));
  assert.equal(taken(queue), 'a');
  queue.unschedulable('d/a');
  queue.set(pod('b'));
  queue.set(pod('c'));
  queue.flush('PodGone');
  assert.deepEqual([taken(queue), taken(queue), taken(queue)], ['b', 'c', 'a'], 'a has 1 s to wait');
  queue.unschedulable('d/a');
  queue.flush('PodGone');
  await clock.advance(2000);
  queue.set(pod('d'));
  assert.equal(taken(queue), 'a', 'its back-off is over');
});

test('SchedulingQueue holds a Pod whose binding failed for its back-off, whatever changes', async () => {
  const clock = newSimulatedClock();
  const queue = new SchedulingQueue(clock);
  queue.set(pod('a'));
  for (const waitMs of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
    assert.equal(taken(queue), 'a');
    queue.retry('d/a');
    queue.flush('NodeAdded');
    await clock.advance(waitMs - 1);
    assert.equal(taken(queue), undefined);
    await clock.advance(1);
  }
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
