/** How soon a container that exited runs again, and how soon a deleted Pod is replaced: the whole way through the API. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { watch, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DEPLOYMENTS, PODS } from '../src/api/resources.ts';
import type { ApiClient } from '../src/client/api-client.ts';
import { newServerClient } from '../test/tools/server-client.ts';
import { type Benchmark, type Measurement, summarize } from './benchmark.ts';
import { newDirectory, withCluster } from './load/cluster.ts';
import { isReady, podsReady } from './load/pods-ready.ts';
import { httpProbe, newProgramPod, writeImages } from './load/programs.ts';

/** Each gives one sample: the second crash waits for its back-off. */
const CRASHERS = 100;
const REPLICAS = 3;
const DELETIONS = 30;
/** Between two samples, so that what one stirs up does not slow the next. */
const CALM_MS = 150;
const DEADLINE_MS = 120_000;

export const benchmarks: Benchmark[] = [
  { name: 'restart-after-exit', run: () => withPrograms(measureRestart) },
  { name: 'replacement-ready', run: () => withPrograms(measureReplacement) },
];

/** From just before the program is told to exit until the next one's first own deed. */
async function measureRestart(client: ApiClient, marks: string): Promise<Measurement[]> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const names = Array.from({ length: CRASHERS }, (_, i) => `crasher-${i}`);
  await promisify(execFile)(
    'mkfifo',
    names.map((name) => join(marks, `${name}.crash`)),
  );
  for (const name of names) {
    const env = Object.entries({ NAME: name, MARKS: marks }).map(([key, value]) => ({ name: key, value }));
    await client.create(PODS, newProgramPod(name, 'crasher', { env }), signal);
  }
  await podsReady(client, CRASHERS, signal);
  await delay(1000);
  const watcher = watch(marks, { signal });
  const samples: number[] = [];
  for (const name of names) {
    const began = performance.now();
    writeFileSync(join(marks, `${name}.crash`), '\n');
    for (let file = ''; file !== `${name}.2`; )
      [, file] = (await once(watcher, 'change')) as [string, string];
    samples.push(performance.now() - began);
    await delay(CALM_MS);
  }
  watcher.close();
  return [summarize('restart-after-exit', samples, 'ms')];
}

/** From just before the deletion is asked for until a watcher hears that the new Pod is ready. */
async function measureReplacement(client: ApiClient): Promise<Measurement[]> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const { metadata, spec } = newProgramPod('web', 'web', { readinessProbe: httpProbe(1) });
  const labels = metadata!.labels!;
  await client.create(
    DEPLOYMENTS,
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: REPLICAS,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec },
      },
    },
    signal,
  );
  await podsReady(client, REPLICAS, signal);
  const samples: number[] = [];
  for (let i = 0; i < DELETIONS; i++) {
    samples.push(await timedReplacement(client, signal));
    await delay(CALM_MS);
  }
  return [summarize('replacement-ready', samples, 'ms')];
}

async function timedReplacement(client: ApiClient, signal: AbortSignal): Promise<number> {
  const { items, metadata } = await client.list(PODS, { namespace: 'default' }, signal);
  const known = new Set(items.map((pod) => pod.metadata.uid));
  const victim = items.find(({ metadata: { deletionTimestamp } }) => deletionTimestamp === undefined);
  assert.ok(victim !== undefined);
  const over = new AbortController();
  const events = client.watch(
    PODS,
    { namespace: 'default', resourceVersion: metadata.resourceVersion! },
    AbortSignal.any([signal, over.signal]),
  );
  const began = performance.now();
  await client.delete(PODS, { namespace: 'default', name: victim.metadata.name }, {}, signal);
  for await (const event of events) {
    if (event.type === 'MODIFIED' && !known.has(event.object.metadata.uid) && isReady(event.object)) break;
  }
  over.abort();
  return performance.now() - began;
}

async function withPrograms(
  measure: (client: ApiClient, marks: string) => Promise<Measurement[]>,
): Promise<Measurement[]> {
  const programs = await newDirectory();
  const marks = await newDirectory();
  try {
    return await withCluster(await writeImages(programs), async (cluster) => {
      const server = newServerClient(cluster);
      return measure(server.client, marks).finally(() => server.close());
    });
  } finally {
    await rm(programs, { recursive: true });
    await rm(marks, { recursive: true });
  }
}
