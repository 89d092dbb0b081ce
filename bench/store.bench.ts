/** The store alone, on its SQLite journal, without the API server in front of it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLogger } from '../src/base/logger.ts';
import { openSqliteJournal } from '../src/platform/sqlite-journal.ts';
import { systemClock } from '../src/platform/system-clock.ts';
import { type OpenStore, openStore } from '../src/store/mvcc-store.ts';
import type { Store } from '../src/store/store.ts';
import { type Benchmark, type Measurement, summarize } from './benchmark.ts';
import { newBenchPod } from './pod.ts';

const PREFIX = '/registry/pods/default/';
const OBJECTS = 10_000;
const FAN_OUT_EVENTS = 1000;

export const benchmarks: Benchmark[] = [
  { name: 'store-write-32', run: () => withStore((store) => measureWrites(store, 32, 40_000)) },
  { name: 'store-write-1', run: () => withStore((store) => measureWrites(store, 1, 8000)) },
  { name: 'store-list', run: () => withStore(measureList) },
  { name: 'store-load', run: measureLoad },
  { name: 'store-fan-out-100', run: () => withStore((store) => measureFanOut(store, 100)) },
  { name: 'store-fan-out-500', run: () => withStore((store) => measureFanOut(store, 500)) },
  { name: 'store-idle-watchers', run: () => withStore(measureIdleWatchers) },
];

async function measureWrites(store: Store, writers: number, writes: number): Promise<Measurement[]> {
  const latencies: number[] = [];
  const loop = monitorEventLoopDelay({ resolution: 1 });
  let next = 0;
  const write = async () => {
    for (let i = next++; i < writes; i = next++) {
      const began = performance.now();
      const pod = newBenchPod(`web-${i % OBJECTS}`);
      await store.transact(PREFIX + pod.metadata.name, () => ({ put: pod }));
      latencies.push(performance.now() - began);
    }
  };
  loop.enable();
  const began = performance.now();
  await Promise.all(Array.from({ length: writers }, write));
  const elapsedMs = performance.now() - began;
  loop.disable();
  return [
    { metric: `store-writes-${writers}`, value: (writes / elapsedMs) * 1000, unit: '/s' },
    summarize(`store-write-latency-${writers}`, latencies, 'ms'),
    { metric: `store-write-stall-${writers}`, value: loop.max / 1e6, unit: 'ms' },
  ];
}

async function measureList(store: Store): Promise<Measurement[]> {
  await fill(store);
  const samples: number[] = [];
  for (let i = 0; i < 50; i++) {
    const began = performance.now();
    const { objects } = store.list({ prefix: '/registry/pods/' });
    samples.push(performance.now() - began);
    assert.equal(objects.length, OBJECTS);
  }
  return [summarize('store-list-10000', samples, 'ms')];
}

async function measureLoad(): Promise<Measurement[]> {
  const directory = await newDirectory();
  const store = await open(directory);
  await fill(store);
  await store.close();
  const samples: number[] = [];
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    const again = await open(directory);
    samples.push(performance.now() - began);
    await again.close();
  }
  await rm(directory, { recursive: true });
  return [summarize('store-load-10000', samples, 'ms')];
}

/** How long after a write's answer the last of `watcherCount` watchers has its event. */
async function measureFanOut(store: Store, watcherCount: number): Promise<Measurement[]> {
  const stop = new AbortController();
  let received = 0;
  let lastAt = 0;
  const readers = Array.from({ length: watcherCount }, async () => {
    for await (const events of store.watch('/registry/pods/', store.revision, stop.signal)) {
      received += events.length;
      lastAt = performance.now();
    }
  });
  const samples: number[] = [];
  const began = performance.now();
  for (let i = 0; i < FAN_OUT_EVENTS; i++) {
    await store.transact(`${PREFIX}web-${i}`, () => ({ put: newBenchPod(`web-${i}`) }));
    const answeredAt = performance.now();
    while (received < (i + 1) * watcherCount) await new Promise(setImmediate);
    samples.push(Math.max(0, lastAt - answeredAt));
  }
  const elapsedMs = performance.now() - began;
  stop.abort();
  await Promise.all(readers);
  return [
    summarize(`store-fan-out-${watcherCount}`, samples, 'ms'),
    { metric: `store-deliveries-${watcherCount}`, value: (received / elapsedMs) * 1000, unit: '/s' },
  ];
}

/** Writes beside a thousand watchers that watch something else. */
async function measureIdleWatchers(store: Store): Promise<Measurement[]> {
  const stop = new AbortController();
  for (let i = 0; i < 1000; i++) store.watch(`/registry/configmaps/ns-${i}/`, store.revision, stop.signal);
  const [rate] = await measureWrites(store, 32, 20_000);
  stop.abort();
  return [{ ...rate!, metric: 'store-writes-1000-idle-watchers' }];
}

async function fill(store: Store): Promise<void> {
  await Promise.all(
    Array.from({ length: OBJECTS }, (_, i) => {
      return store.transact(`${PREFIX}web-${i}`, () => ({ put: newBenchPod(`web-${i}`) }));
    }),
  );
}

async function withStore(measure: (store: OpenStore) => Promise<Measurement[]>): Promise<Measurement[]> {
  const directory = await newDirectory();
  const store = await open(directory);
  const stop = new AbortController();
  const running = store.run(stop.signal);
  const measurements = await measure(store);
  stop.abort();
  await running;
  await store.close();
  await rm(directory, { recursive: true });
  return measurements;
}

function open(directory: string): Promise<OpenStore> {
  const journal = openSqliteJournal({ directory });
  return openStore({ journal, clock: systemClock, log: silentLogger }, new AbortController().signal);
}

function newDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'kintsugi-bench-'));
}
