/** The API server as users run it, with the benchmarks' Pods and 32 clients at it. */
import { rm } from 'node:fs/promises';
import { newDataDir, type ServerProcess, startServer } from '../../test/tools/server-process.ts';
import { type Measurement, summarize } from '../benchmark.ts';
import { buildBundle } from '../bundle.ts';
import { prepareNamespace } from './prepare.ts';
import { runLoad } from './run-load.ts';
import type { LoadResult } from './task.ts';

export const PODS = 10_000;
export const NAMESPACE = 'bench';
export const CLIENTS = 32;
export const WARM_UP_RUNS = 2;
export const LOAD_RUNS = 3;

export async function newLoad(server: ServerProcess) {
  return { namespace: NAMESPACE, ownerUid: await prepareNamespace(server, NAMESPACE), sessions: CLIENTS };
}

export function createPods(
  server: ServerProcess,
  load: Awaited<ReturnType<typeof newLoad>>,
  from = 0,
  count = PODS,
) {
  return runLoad(server, { kind: 'create', ...load, clients: CLIENTS, from, count });
}

export function medianRate(runs: readonly LoadResult[]): number {
  return summarize('', runs.map(rateOf), '/s').value;
}

export function rateOf({ requests, elapsedMs }: LoadResult): number {
  return (requests / elapsedMs) * 1000;
}

export async function withServer(
  measure: (server: ServerProcess) => Promise<Measurement[]>,
): Promise<Measurement[]> {
  await buildBundle();
  const dataDir = await newDataDir();
  const server = await startServer({ dataDir, program: 'bundle' });
  try {
    return await measure(server);
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true });
  }
}

export async function timedStart(dataDir: string): Promise<{ server: ServerProcess; elapsedMs: number }> {
  const began = performance.now();
  const server = await startServer({ dataDir, program: 'bundle' });
  return { server, elapsedMs: performance.now() - began };
}
