import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { assert } from '../../base/assert.ts';
import { newDeferred } from '../../base/deferred.ts';
import { silentLogger } from '../../base/logger.ts';
import { StatusError } from '../../base/status-error.ts';
import { newSimulatedClock } from '../../simulation/sim-clock.ts';
import { runControllers } from './controller.ts';
import type { SyncOutcome } from './metrics.ts';
import { newWorkerLoop, type WorkerLoopDefinition } from './worker-loop.ts';

function newSetting(definition: Partial<WorkerLoopDefinition> & Pick<WorkerLoopDefinition, 'sync'>) {
  const clock = newSimulatedClock();
  const outcomes: SyncOutcome[] = [];
  const metrics = {
    synced: (_: string, outcome: SyncOutcome) => outcomes.push(outcome),
    queueDepth: () => {},
  };
  const loop = newWorkerLoop(
    { clock, log: silentLogger, metrics },
    { name: 'test', workers: 2, informers: [], ...definition },
  );
  const stop = new AbortController();
  return { clock, loop, outcomes, stop };
}

test('newWorkerLoop syncs nothing before its informers are filled', async () => {
  const filled = newDeferred();
  const synced: string[] = [];
  const { clock, loop, stop } = newSetting({
    informers: [{ whenSynced: () => filled.promise }],
    sync: async (key) => {
      synced.push(key);
      return {};
    },
  });
  loop.enqueue('a');
  const ended = loop.run(stop.signal);
  await clock.settle();
  deepEqual(synced, []);
  filled.resolve();
  await clock.settle();
  deepEqual(synced, ['a']);
  stop.abort(new Error('over'));
  await ended;
});

test('newWorkerLoop retries a StatusError with back-off, and forgets it after a success', async () => {
  const times: number[] = [];
  const { clock, loop, outcomes, stop } = newSetting({
    sync: async () => {
      times.push(clock.monotonicMs());
      if (times.length < 4) throw new StatusError('Conflict', 'stale');
      return times.length === 4 ? { requeueAfterMs: 1000 } : {};
    },
  });
  const ended = loop.run(stop.signal);
  loop.enqueue('a');
  await clock.advance(5000);
  deepEqual(times, [0, 5, 15, 35, 1035]);
  deepEqual(outcomes, ['failed', 'failed', 'failed', 'requeued', 'done']);
  equal(loop.idle, true);
  stop.abort(new Error('over'));
  await ended;
});

test('newWorkerLoop rejects with a broken invariant, and ends its other workers', async () => {
  const { clock, loop, stop } = newSetting({
    sync: async (key, signal) => {
      assert(key !== 'bad', 'a broken invariant');
      await clock.sleep(1_000_000, signal);
      return {};
    },
  });
  const ended = loop.run(stop.signal);
  loop.enqueue('slow');
  loop.enqueue('bad');
  await rejects(ended, /a broken invariant/);
});

test('runControllers stops all when one breaks, and says why', async () => {
  const stop = new AbortController();
  let othersEnded = 0;
  const other = {
    name: 'other',
    run: (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          othersEnded++;
          resolve();
        });
      }),
  };
  const broken = { name: 'broken', run: () => Promise.reject(new Error('broken')) };
  await rejects(runControllers([other, broken, other], stop.signal), /broken/);
  equal(othersEnded, 2);
});

test('newWorkerLoop enqueues everything again at each resync', async () => {
  let syncs = 0;
  const metadata = { name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  const { clock, loop, stop } = newSetting({
    sync: async () => {
      syncs++;
      return {};
    },
    resync: { lister: { list: () => [{ apiVersion: 'v1', kind: 'Pod', metadata }] }, intervalMs: 1000 },
  });
  const ended = loop.run(stop.signal);
  await clock.advance(3500);
  equal(syncs, 3);
  stop.abort(new Error('over'));
  await ended;
});
