/** The Linux machine under the Pod networks: `ip`, `/proc`, `/sys`, and a state file. */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type NetworkHost, PodNetworkError } from '../network/pod-network/pod-network.ts';
import { readJsonFile, writeFileAtomically } from './atomic-file.ts';

/** In `/proc/net/tcp`: the state of a listening socket. */
const TCP_LISTEN = '0A';

/** @param statePath  where the addresses in use are kept */
export function newNetworkHost(statePath: string): NetworkHost {
  return {
    ip: (lines, options = {}) => runIp(lines, options),
    links: async () => new Set(await readdir('/sys/class/net')),
    netnsNames: async () => new Set(await listOrNothing('/run/netns')),
    async addresses(link) {
      // Gone meanwhile: it has none.
      const shownAsJson = await output('ip', ['-4', '-json', 'address', 'show', 'dev', link]).catch(
        () => '[]',
      );
      const [shown] = JSON.parse(shownAsJson);
      return (shown?.addr_info ?? []).map(({ local }: { local: string }) => local);
    },
    writeSysctl: (name, value) => writeFile(`/proc/sys/${name.replaceAll('.', '/')}`, value),
    listeningAddresses: async () => parseListeners(await readFile('/proc/net/tcp', 'latin1')),
    readState: () => readJsonFile(statePath),
    writeState: async (state) => writeFileAtomically(statePath, JSON.stringify(state)),
  };
}

/** True when this process may make network namespaces and links, found by making one. */
export async function canMakePodNetworks(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const probe = `kt-probe-${process.pid}`;
  const link = `kp${process.pid}`;
  const made = runIp(
    [`netns add ${probe}`, `link add ${link} type veth peer name eth0 netns ${probe}`, `link delete ${link}`],
    {},
  );
  const possible = await made.then(
    () => true,
    () => false,
  );
  await runIp([`netns delete ${probe}`], { force: true });
  return possible;
}

/** Local addresses of listening sockets in the format of `/proc/net/tcp`: little-endian hexadecimal. */
export function parseListeners(table: string): Set<string> {
  const addresses = new Set<string>();
  for (const line of table.split('\n')) {
    const [, local, , state] = line.trim().split(/\s+/);
    if (state !== TCP_LISTEN || local === undefined) continue;
    addresses.add([6, 4, 2, 0].map((at) => Number.parseInt(local.slice(at, at + 2), 16)).join('.'));
  }
  return addresses;
}

function runIp(
  lines: readonly string[],
  { netns, force }: { netns?: string; force?: boolean },
): Promise<void> {
  const args = [...(netns === undefined ? [] : ['-netns', netns]), ...(force === true ? ['-force'] : [])];
  return new Promise((resolve, reject) => {
    const child = execFile('ip', [...args, '-batch', '-'], (error, _stdout, stderr) => {
      if (error === null || force === true) resolve();
      else reject(new PodNetworkError(`ip: ${stderr.trim() || error.message}`, { cause: error }));
    });
    child.stdin?.end(`${lines.join('\n')}\n`);
  });
}

function output(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new PodNetworkError(`${command}: ${stderr.trim() || error.message}`, { cause: error }));
    });
  });
}

async function listOrNothing(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
