/** `kintsugi down`: stops what `up` started, from elsewhere, also when the keeper or an agent was killed. State stays. */
import path from 'node:path';
import type { CliWorld } from '../cli/cli-world.ts';
import type { DownOptions } from '../cli/options.ts';
import { CommandError } from '../cli/usage-error.ts';
import { takeDown } from '../keeper/take-down.ts';
import { newPinoLogger } from '../platform/json-logger.ts';
import { newKeeperStateFile } from '../platform/keeper-state-file.ts';
import { newProcessLauncher } from '../platform/process-launcher.ts';
import { systemClock } from '../platform/system-clock.ts';
import { openAgentRuntime } from './agent-runtime.ts';
import { readClusterConfig } from './cluster-config.ts';
import { clusterNode, nodesOf } from './cluster-node.ts';
import { stopContainers } from './stop-containers.ts';

export async function runDown(options: DownOptions, world: CliWorld, signal: AbortSignal): Promise<number> {
  const dataDir = path.resolve(options.dataDir);
  const cluster = readClusterConfig(dataDir);
  if (cluster === undefined) throw new CommandError(`${dataDir} holds no cluster: nothing to stop`);
  const stateFile = newKeeperStateFile(path.join(dataDir, 'keeper.json'));
  const state = stateFile.read();
  const launcher = newProcessLauncher({ logDirectory: path.join(dataDir, 'logs'), clock: systemClock });
  const outcome =
    state === undefined ? 'nothing' : await takeDown(state, { clock: systemClock, launcher, hurry: signal });
  stateFile.remove();
  const log = newPinoLogger({ component: 'down', level: 'warn' });
  for (const name of nodesOf(dataDir)) {
    const runtime = await openAgentRuntime({ dataDir, cluster, node: clusterNode(cluster, name), log });
    await stopContainers({ runtime, cluster }, signal);
  }
  const text =
    outcome === 'nothing' ? 'nothing was running' : 'stopped; everything is kept for the next `kintsugi up`';
  await world.stdout.write(
    options.output === 'json' ? `${JSON.stringify({ outcome, dataDir })}\n` : `kintsugi: ${text}\n`,
  );
  return 0;
}
