/** The processes of a cluster under test, to be killed: found by the keeper's own notes, and by what `/proc` says. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Cluster } from './cluster.ts';
import { processesOf } from './remains.ts';

interface KeeperNotes {
  keeper: { pid: number };
  children: { name: string; process?: { pid: number } }[];
}

function readNotes({ dataDir }: Cluster): KeeperNotes {
  return JSON.parse(readFileSync(path.join(dataDir, 'keeper.json'), 'utf8')) as KeeperNotes;
}

export function killKeeper(cluster: Cluster): void {
  process.kill(readNotes(cluster).keeper.pid, 'SIGKILL');
}

/** @param name  `server`, `agent-node-1` */
export function killChild(cluster: Cluster, name: string): void {
  const pid = readNotes(cluster).children.find((child) => child.name === name)?.process?.pid;
  if (pid === undefined) throw new Error(`the keeper keeps no process ${name}`);
  process.kill(pid, 'SIGKILL');
}

/** Everything that runs on the node, its agent first, as when its power goes. */
export function killNode(cluster: Cluster, node: string): void {
  killChild(cluster, `agent-${node}`);
  const directory = path.join(cluster.dataDir, 'nodes', node);
  const containers = readdirSync(path.join(directory, 'runtime/containers'));
  const programs = containers.flatMap((id) => processesOf(`KINTSUGI_CONTAINER_ID=${id}`));
  for (const { pid } of [...processesOf(directory), ...programs]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ended with another one
    }
  }
}
