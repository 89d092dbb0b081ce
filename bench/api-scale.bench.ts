/** What the API server does and holds with many clients that apply, many that watch, and many kinds of other people's. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { newDataDir, type ServerProcess, startServer } from '../test/tools/server-process.ts';
import { type Benchmark, type Measurement, summarize } from './benchmark.ts';
import { buildBundle } from './bundle.ts';
import {
  CLIENTS,
  LOAD_RUNS,
  medianRate,
  newLoad,
  timedStart,
  WARM_UP_RUNS,
  withServer,
} from './load/api-server.ts';
import { open, openSessions } from './load/http2-client.ts';
import { defineMany } from './load/prepare.ts';
import { residentMb } from './load/process-usage.ts';
import { runLoad } from './load/run-load.ts';
import type { LoadResult } from './load/task.ts';

const APPLIED_PODS = 1_000;
const APPLIES = 5_000;
const IDLE_WATCHERS = 1_000;
/** A program has one connection for all its watches. */
const WATCHING_CONNECTIONS = 100;
const DEFINITIONS = 500;
const START_RUNS = 7;
const SETTLE_MS = 5_000;

export const benchmarks: Benchmark[] = [
  { name: 'api-apply', run: () => withServer(measureApply) },
  { name: 'api-idle-watchers', run: () => withServer(measureIdleWatchers) },
  { name: 'api-definitions', run: measureDefinitions },
];

/** Each apply changes an annotation of a Pod of 3 KB; the first ones make the Pods. */
async function measureApply(server: ServerProcess): Promise<Measurement[]> {
  const load = await newLoad(server);
  const apply = (run: number) =>
    runLoad(server, {
      kind: 'apply',
      ...load,
      clients: CLIENTS,
      names: APPLIED_PODS,
      from: run * APPLIES,
      count: APPLIES,
    });
  for (let run = 0; run < WARM_UP_RUNS; run++) await apply(run);
  const runs: LoadResult[] = [];
  for (let run = 0; run < LOAD_RUNS; run++) runs.push(await apply(WARM_UP_RUNS + run));
  const latenciesMs = runs.flatMap((run) => run.latenciesMs);
  return [
    { metric: 'api-apply-32', value: medianRate(runs), unit: '/s' },
    summarize('api-apply-latency-32', latenciesMs, 'ms'),
  ];
}

/** What resident memory grows by with the watches and with their connections, after one round of them has come and gone. */
async function measureIdleWatchers(server: ServerProcess): Promise<Measurement[]> {
  await watchInVain(server, async () => {});
  await delay(SETTLE_MS);
  const before = await residentMb(server.pid);
  const during = await watchInVain(server, async () => {
    await delay(SETTLE_MS);
    return residentMb(server.pid);
  });
  return [{ metric: 'api-idle-watchers-memory', value: during - before, unit: 'MB' }];
}

async function watchInVain<T>(server: ServerProcess, use: () => Promise<T>): Promise<T> {
  const sessions = await openSessions({ url: server.url, ...server.tls }, WATCHING_CONNECTIONS);
  const path = '/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=0';
  for (let index = 0; index < IDLE_WATCHERS; index++) {
    const stream = open(sessions[index % sessions.length]!, { method: 'GET', path });
    await once(stream.resume(), 'response');
  }
  try {
    return await use();
  } finally {
    for (const session of sessions) session.destroy();
  }
}

/** Start to `/readyz` with many definitions, and what the server then holds. */
async function measureDefinitions(): Promise<Measurement[]> {
  await buildBundle();
  const dataDir = await newDataDir();
  const first = await startServer({ dataDir, program: 'bundle' });
  await defineMany(first, DEFINITIONS);
  await first.stop();
  const starts: number[] = [];
  const residents: number[] = [];
  for (let run = 0; run < START_RUNS; run++) {
    const { server, elapsedMs } = await timedStart(dataDir);
    starts.push(elapsedMs);
    await delay(SETTLE_MS);
    residents.push(await residentMb(server.pid));
    await server.stop();
  }
  await rm(dataDir, { recursive: true });
  return [
    summarize('server-ready-500-definitions', starts, 'ms'),
    summarize('memory-server-500-definitions', residents, 'MB'),
  ];
}
