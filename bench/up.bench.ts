/** `kintsugi up` as a whole: how soon it is ready, and what it holds and burns when nothing happens. */
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { PODS } from '../src/api/resources.ts';
import { newServerClient } from '../test/tools/server-client.ts';
import { type Benchmark, type Measurement, summarize } from './benchmark.ts';
import { buildBundle } from './bundle.ts';
import { type Cluster, newDirectory, startCluster, withCluster } from './load/cluster.ts';
import { podsReady } from './load/pods-ready.ts';
import { prepareNamespace } from './load/prepare.ts';
import { cpuMs, residentMb } from './load/process-usage.ts';
import { httpProbe, newProgramPod, writeImages } from './load/programs.ts';
import { runLoad } from './load/run-load.ts';

const START_RUNS = 9;
const OBJECTS = 10_000;
const IDLE_PODS = 10;
const IDLE_SETTLE_MS = 20_000;
const IDLE_WINDOW_MS = 30_000;

export const benchmarks: Benchmark[] = [
  { name: 'up-ready', run: measureReady },
  { name: 'up-idle', run: measureIdle },
];

async function measureReady(): Promise<Measurement[]> {
  await buildBundle();
  const empty: number[] = [];
  for (let run = 0; run < START_RUNS; run++) {
    const dataDir = await newDirectory();
    empty.push(await timedStart(dataDir));
    await rm(dataDir, { recursive: true });
  }
  const filled = await newDirectory();
  await timedStart(filled, fill);
  const again: number[] = [];
  for (let run = 0; run < START_RUNS; run++) again.push(await timedStart(filled));
  await rm(filled, { recursive: true });
  return [summarize('up-ready-empty', empty, 'ms'), summarize('up-ready-10000', again, 'ms')];
}

async function timedStart(dataDir: string, use?: (cluster: Cluster) => Promise<void>): Promise<number> {
  const cluster = await startCluster({ dataDir });
  await use?.(cluster);
  await cluster.stop();
  return cluster.readyMs;
}

async function fill(cluster: Cluster): Promise<void> {
  const namespace = 'bench';
  const ownerUid = await prepareNamespace(cluster, namespace);
  await runLoad(cluster, {
    kind: 'create',
    namespace,
    ownerUid,
    sessions: 4,
    clients: 32,
    from: 0,
    count: OBJECTS,
  });
}

/** One node with 10 Pods, each with a liveness and a readiness probe at the default period. */
async function measureIdle(): Promise<Measurement[]> {
  const programs = await newDirectory();
  try {
    return await withCluster(await writeImages(programs), async (cluster) => {
      await createIdlePods(cluster);
      await delay(IDLE_SETTLE_MS);
      const { pids } = cluster;
      const before = await burntMs(cluster);
      await delay(IDLE_WINDOW_MS);
      const after = await burntMs(cluster);
      const share = (process: keyof typeof pids) =>
        (100 * (after[process] - before[process])) / IDLE_WINDOW_MS;
      const unit = '% of a core';
      return [
        { metric: 'memory-server', value: await residentMb(pids.server), unit: 'MB' },
        { metric: 'memory-agent', value: await residentMb(pids.agent), unit: 'MB' },
        { metric: 'memory-keeper', value: await residentMb(pids.keeper), unit: 'MB' },
        { metric: 'cpu-idle', value: share('keeper') + share('server') + share('agent'), unit },
        { metric: 'cpu-idle-server', value: share('server'), unit },
        { metric: 'cpu-idle-agent', value: share('agent'), unit },
        { metric: 'cpu-idle-keeper', value: share('keeper'), unit },
      ];
    });
  } finally {
    await rm(programs, { recursive: true });
  }
}

async function burntMs({ pids }: Cluster): Promise<Cluster['pids']> {
  return {
    keeper: await cpuMs(pids.keeper),
    server: await cpuMs(pids.server),
    agent: await cpuMs(pids.agent),
  };
}

async function createIdlePods(cluster: Cluster): Promise<void> {
  const server = newServerClient(cluster);
  const signal = AbortSignal.timeout(60_000);
  const probes = { livenessProbe: httpProbe(10), readinessProbe: httpProbe(10) };
  for (let i = 0; i < IDLE_PODS; i++)
    await server.client.create(PODS, newProgramPod(`idle-${i}`, 'web', probes), signal);
  await podsReady(server.client, IDLE_PODS, signal);
  server.close();
}
