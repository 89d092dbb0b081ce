/** What of a cluster can be left on the machine: processes, namespaces, links, routes, control groups, mounts, files. */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

export interface Remains {
  /** One line each; empty when nothing is left. */
  find(): string[];
}

interface Names {
  directory: string;
  clusterId: string;
  cidrs: readonly string[];
  sandboxIds: readonly string[];
}

/** Notes what to look for while the cluster is still there. */
export function readRemains(directory: string): Remains {
  const dataDir = path.join(directory, 'data');
  const config = read(path.join(dataDir, 'cluster.json'));
  if (config === '') return { find: () => [`${dataDir} was gone before the end`] };
  const { clusterId, podCidr, serviceCidr } = JSON.parse(config) as Record<string, string>;
  const sandboxIds = globSync('nodes/*/runtime/sandboxes/*', { cwd: dataDir }).map((file) =>
    path.basename(file),
  );
  const names: Names = { directory, clusterId: clusterId!, cidrs: [podCidr!, serviceCidr!], sandboxIds };
  return { find: () => findRemains(names) };
}

function findRemains({ directory, clusterId, cidrs, sandboxIds }: Names): string[] {
  const links = list('/sys/class/net');
  const veths = new Set(sandboxIds.map((id) => `kv${id.slice(0, 12)}`));
  const routes = spawnSync('ip', ['route', 'show', 'table', 'all'], { encoding: 'utf8' }).stdout ?? '';
  const mounts = readFileSync('/proc/mounts', 'utf8');
  return [
    ...processesOf(directory).map(({ pid, command }) => `process ${pid}: ${command}`),
    ...list('/run/netns').filter((name) => name.includes(clusterId)),
    ...links.filter((name) => name === `kt-${clusterId}` || veths.has(name)),
    ...routes.split('\n').filter((line) => cidrs.some((cidr) => line.includes(cidr))),
    ...globSync([`/sys/fs/cgroup/kintsugi-${clusterId}`, `/sys/fs/cgroup/*/kintsugi-${clusterId}`]),
    ...mounts.split('\n').filter((line) => line.includes(directory)),
    ...(existsSync(directory) ? [directory] : []),
  ];
}

export interface FoundProcess {
  pid: number;
  command: string;
}

/** Processes that name `directory` in their command line or environment, or work in it. */
export function processesOf(directory: string): FoundProcess[] {
  return list('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim();
    const evidence = [command, read(`/proc/${name}/environ`), readLink(`/proc/${name}/cwd`)];
    return evidence.some((text) => text.includes(directory)) ? [{ pid: Number(name), command }] : [];
  });
}

function list(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** Empty for a process that is gone. */
function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function readLink(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
