/**
 * What a data directory is: `cluster.json`, written by the first `up` and only read afterwards. Everything that must stay
 * the same across restarts, whoever starts what, is decided once and stands here.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../platform/atomic-file.ts';
import { canMakePodNetworks } from '../platform/network-host.ts';
import { addressesInUse, chooseAddresses } from './address-plan.ts';

/** Counts up when a newer program writes what an older one cannot read. */
const FORMAT = 1;

export interface ClusterConfig {
  format: number;
  /** Eight hex digits: part of the names of bridges, cgroups and other things of the machine. */
  clusterId: string;
  /** `bridge`: a network namespace for each Pod (root, where it may make them); `loopback`: an address of 127/8 each. */
  network: 'bridge' | 'loopback';
  podCidr: string;
  serviceCidr: string;
  nodePorts: { first: number; last: number };
}

/** The data directory cannot be used; the message is for a person. */
export class DataDirError extends Error {
  override name = 'DataDirError';
}

const NODE_PORTS = { first: 30_000, last: 32_767 };

/** Reads `cluster.json`, or makes the directory and the file on the first start. @throws DataDirError */
export async function openClusterConfig(dataDir: string): Promise<ClusterConfig> {
  try {
    makeDirectory(path.resolve(dataDir));
  } catch (error) {
    throw new DataDirError(`cannot make the data directory ${dataDir}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return readClusterConfig(dataDir) ?? createClusterConfig(dataDir);
}

/** Node's own recursive form says ENOENT on a read-only file system, and never returns for a path in /proc. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(directory).isDirectory()) return;
    if (code !== 'ENOENT' || path.dirname(directory) === directory) throw error;
    makeDirectory(path.dirname(directory));
    mkdirSync(directory, { mode: 0o700 });
  }
}

/** `undefined` when the directory holds no cluster yet. @throws DataDirError */
export function readClusterConfig(dataDir: string): ClusterConfig | undefined {
  const file = path.join(dataDir, 'cluster.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new DataDirError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
  return parseClusterConfig(text, file);
}

function parseClusterConfig(text: string, file: string): ClusterConfig {
  let config: Partial<ClusterConfig>;
  try {
    config = JSON.parse(text) as Partial<ClusterConfig>;
  } catch (error) {
    throw new DataDirError(
      `${file} is damaged (${(error as Error).message}): restore it, or choose another --data-dir`,
      { cause: error },
    );
  }
  if (typeof config.format === 'number' && config.format > FORMAT) {
    throw new DataDirError(
      `${file} was written by a newer version of Kintsugi (format ${config.format}, this program reads up to ${FORMAT}): use that version, or choose another --data-dir`,
    );
  }
  const { clusterId, network, podCidr, serviceCidr, nodePorts } = config;
  if (!clusterId || !network || !podCidr || !serviceCidr || !nodePorts) {
    throw new DataDirError(
      `${file} lacks fields that every version writes: restore it, or choose another --data-dir`,
    );
  }
  return { format: FORMAT, clusterId, network, podCidr, serviceCidr, nodePorts };
}

async function createClusterConfig(dataDir: string): Promise<ClusterConfig> {
  const clusterId = randomBytes(4).toString('hex');
  const network = (await canMakePodNetworks()) ? 'bridge' : 'loopback';
  const config: ClusterConfig = {
    format: FORMAT,
    clusterId,
    network,
    ...chooseAddresses(network, clusterId, addressesInUse()),
    nodePorts: NODE_PORTS,
  };
  try {
    writeFileAtomically(path.join(dataDir, 'cluster.json'), `${JSON.stringify(config, null, 2)}\n`, {
      durable: true,
    });
  } catch (error) {
    throw new DataDirError(`cannot write to the data directory ${dataDir}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return config;
}
