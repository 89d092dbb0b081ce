/** A whole cluster as users start it: `bin/kintsugi up` on the bundle, a process tree of its own, looked at from outside. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KeeperState } from '../../src/keeper/keeper-state.ts';
import { readKubeconfig, type ServerProcess } from '../../test/tools/server-process.ts';
import { buildBundle } from '../bundle.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/kintsugi', import.meta.url));

/** Where a cluster's API is, and as whom to speak to it. */
export interface Cluster extends Pick<ServerProcess, 'url' | 'tls'> {
  /** From the command until `/readyz` answered 200. */
  readyMs: number;
  pids: { keeper: number; server: number; agent: number };
  /** As Ctrl-C does. Resolves when all processes have ended. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  dataDir: string;
  /** Image references, and the directories of their programs. */
  images?: Record<string, string>;
}

/** Resolves when the API is ready and the node's agent serves. */
export async function startCluster({ dataDir, images = {} }: ClusterOptions): Promise<Cluster> {
  const began = performance.now();
  const args = ['up', '--data-dir', dataDir, '--api-port', '0', '--output', 'json'];
  for (const [reference, directory] of Object.entries(images))
    args.push('--image', `${reference}=${directory}`);
  const keeper = spawn(PROGRAM, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const killed = () => void keeper.kill('SIGTERM');
  process.once('exit', killed);
  let said = '';
  keeper.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(keeper, 'exit');
  const early = ended.then(() => assert.fail(`kintsugi up ended before it was ready:\n${said}`));
  await Promise.race([once(keeper.stdout, 'data'), early]);
  const readyMs = performance.now() - began;
  early.catch(() => {});
  const { url, tls } = await readKubeconfig(join(dataDir, 'kubeconfig'));
  assert.equal(await readyz(url, tls.serverCa), 200, 'the ready line comes after /readyz is 200');
  return {
    url,
    tls,
    readyMs,
    pids: { keeper: keeper.pid!, ...childPids(dataDir) },
    async stop() {
      keeper.kill('SIGTERM');
      await ended;
      process.off('exit', killed);
    },
  };
}

/** A cluster on a new data directory for `measure`; both are gone afterwards. */
export async function withCluster<T>(
  images: Record<string, string>,
  measure: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  await buildBundle();
  const dataDir = await newDirectory();
  const cluster = await startCluster({ dataDir, images });
  try {
    return await measure(cluster);
  } finally {
    await cluster.stop();
    await rm(dataDir, { recursive: true });
  }
}

export function newDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'kintsugi-bench-'));
}

/** They are started together, long before the API is ready. */
function childPids(dataDir: string): { server: number; agent: number } {
  const { children } = JSON.parse(readFileSync(join(dataDir, 'keeper.json'), 'utf8')) as KeeperState;
  const pidOf = (prefix: string) => children.find(({ name }) => name.startsWith(prefix))!.process!.pid;
  return { server: pidOf('server'), agent: pidOf('agent') };
}

function readyz(url: string, ca: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  request(`${url}/readyz`, { ca, agent: false }, (response) => {
    response.resume();
    resolve(response.statusCode!);
  })
    .on('error', reject)
    .end();
  return promise;
}
