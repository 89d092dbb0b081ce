/**
 * `kintsugi up`: the keeper in the foreground. Says what it is doing on standard error, prints one ready line on standard
 * output, applies what it was given, and stops everything in order when it is told to.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { CliWorld } from '../cli/cli-world.ts';
import type { ManifestSet } from '../cli/manifests.ts';
import type { UpOptions } from '../cli/options.ts';
import { CommandError } from '../cli/usage-error.ts';
import { Keeper } from '../keeper/keeper.ts';
import { lockDataDir } from '../platform/data-dir-lock.ts';
import { newPinoLogger } from '../platform/json-logger.ts';
import { newKeeperStateFile } from '../platform/keeper-state-file.ts';
import { ownIdentity } from '../platform/process-identity.ts';
import { newProcessLauncher } from '../platform/process-launcher.ts';
import { systemClock } from '../platform/system-clock.ts';
import { readAuditPolicy } from './audit.ts';
import { openClusterConfig } from './cluster-config.ts';
import { nodeDirectory, nodeName } from './cluster-node.ts';
import { openEncryption } from './encryption.ts';
import { imageRegistry } from './images.ts';
import { clusterChildren } from './up-children.ts';
import { waitForApi } from './wait-for-api.ts';

export interface UpSignals {
  /** Aborts when everything is to be stopped, in order. */
  stop: AbortSignal;
  /** Aborts when there is no more patience: what is still stopping is killed. */
  hurry: AbortSignal;
}

export async function runUp(
  options: UpOptions,
  world: CliWorld,
  { stop: signal, hurry }: UpSignals,
): Promise<number> {
  const startedMs = systemClock.monotonicMs();
  const dataDir = path.resolve(options.dataDir);
  if (options.runtime === 'containerd')
    throw new CommandError('--runtime containerd is not supported yet: use --runtime process');
  // What cannot be read is told before anything is started.
  const manifests = options.files.length === 0 ? undefined : await readFiles(options.files, world);
  if (options.audit) await readAuditPolicy(options.audit.policy);
  await openEncryption(dataDir, options.encryptionConfig);
  await openClusterConfig(dataDir);
  const logs = path.join(dataDir, 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const lock = lockDataDir(dataDir);
  try {
    for (const { reference, directory } of options.images)
      await imageRegistry(dataDir).register(reference, directory);
    for (let i = 0; i < options.nodes; i++)
      mkdirSync(nodeDirectory(dataDir, nodeName(i)), { recursive: true, mode: 0o700 });
    const keeper = new Keeper(clusterChildren({ ...options, dataDir }), {
      clock: systemClock,
      log: newPinoLogger({ component: 'keeper', destination: path.join(logs, 'keeper.log') }),
      launcher: newProcessLauncher({ logDirectory: logs, clock: systemClock }),
      stateFile: newKeeperStateFile(path.join(dataDir, 'keeper.json')),
      identity: ownIdentity(),
    });
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    const keeping = keeper.run(both);
    hurry.addEventListener('abort', () => keeper.hurry(), { once: true });
    await world.stderr.write(`kintsugi: starting in ${dataDir} …\n`);
    const exitCode = await start({ options, world, keeper, dataDir, startedMs, manifests }, both).catch(
      async (error: unknown) => {
        if (signal.aborted) return 0; // interrupted on its way: not a failure
        stop.abort(error);
        await keeping;
        throw error;
      },
    );
    await keeping;
    if (signal.aborted)
      await world.stderr.write('kintsugi: stopped; everything is kept for the next `kintsugi up`\n');
    return exitCode;
  } finally {
    lock.release();
  }
}

async function readFiles(files: readonly string[], world: CliWorld): Promise<ManifestSet> {
  const { readManifests } = await import('../cli/manifests.ts');
  return readManifests(world, files);
}

interface Start {
  options: UpOptions;
  world: CliWorld;
  keeper: Keeper;
  dataDir: string;
  startedMs: number;
  manifests: ManifestSet | undefined;
}

/** Waits for the API, says so, and applies the manifests. Resolves with the exit code that `up` will have. */
async function start(
  { options, world, keeper, dataDir, startedMs, manifests }: Start,
  signal: AbortSignal,
): Promise<number> {
  const server = await waitForApi(dataDir, keeper, signal);
  if (server === undefined) return 0;
  const url = `https://${server.host}:${server.port}`;
  const kubeconfig = path.join(dataDir, 'kubeconfig');
  const startedInMs = Math.round(systemClock.monotonicMs() - startedMs);
  const line =
    options.output === 'json'
      ? JSON.stringify({ ready: true, kubeconfig, server: url, nodes: options.nodes, startedInMs })
      : `kintsugi: ready in ${(startedInMs / 1000).toFixed(2)} s at ${url} · export KUBECONFIG=${kubeconfig}`;
  await world.stdout.write(`${line}\n`);
  if (manifests === undefined) return 0;
  // A keeper that applies nothing keeps nothing of the client in memory.
  const [{ waitForNodes }, { applyManifests }] = await Promise.all([
    import('./wait-for-nodes.ts'),
    import('../cli/commands/apply.ts'),
  ]);
  await waitForNodes(world, { kubeconfig, nodes: options.nodes }, signal);
  const quiet = options.output === 'json' ? { ...world, stdout: world.stderr } : world;
  return applyManifests(quiet, manifests, { filename: [], kubeconfig, output: 'text' }, signal);
}
