/**
 * What this machine lets us do, found by trying it once.
 *
 * - `root`: namespaces for processes and mounts, made as root
 * - `user`: the same inside an unprivileged user namespace
 * - `none`: no namespaces; processes are told apart by their environment
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

export type Isolation = 'root' | 'user' | 'none';

/** Absolute paths, because scripts must not depend on the container's PATH. */
export interface Tools {
  sh: string;
  cat: string;
  mkfifo: string;
  sleep: string;
  mount: string;
  unshare: string;
  nsenter: string;
  setpriv: string | undefined;
  hostname: string | undefined;
  fallocate: string | undefined;
  script: string | undefined;
  env: string;
}

export interface IsolationSupport {
  isolation: Isolation;
  tools: Tools;
  /** Why it is less than it could be; empty when it is not. */
  message: string;
}

const TOOL_DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/local/sbin'];

/** @param want  the most that is tried; `none` tries nothing */
export async function detectIsolation(want: Isolation | 'auto' = 'auto'): Promise<IsolationSupport> {
  const tools = findTools();
  const candidates: Exclude<Isolation, 'none'>[] = process.getuid?.() === 0 ? ['root', 'user'] : ['user'];
  const tried = want === 'auto' ? candidates : candidates.filter((candidate) => candidate === want);
  let message = want === 'none' ? 'namespaces are switched off' : '';
  for (const isolation of tried) {
    const failure = await tryNamespaces(isolation, tools);
    if (failure === undefined) return { isolation, tools, message: '' };
    message = failure;
  }
  return { isolation: 'none', tools, message };
}

/** The flags of `unshare` that make a container's namespaces; the next child becomes process 1 of its own. */
export function namespaceFlags(isolation: Exclude<Isolation, 'none'>): string[] {
  const flags = ['--pid', '--mount', '--uts'];
  return isolation === 'user' ? ['--user', '--map-root-user', ...flags] : flags;
}

/** Mounting `/proc` is part of the trial: where it is masked (as in a container) a user namespace may not. */
function tryNamespaces(isolation: Exclude<Isolation, 'none'>, tools: Tools): Promise<string | undefined> {
  const trial = `${tools.mount} -n -t proc proc /proc`;
  const args = [...namespaceFlags(isolation), '--fork', '--', tools.sh, '-c', trial];
  return new Promise((resolve) => {
    execFile(tools.unshare, args, (error, _stdout, stderr) =>
      resolve(error === null ? undefined : stderr.trim() || error.message),
    );
  });
}

function findTools(): Tools {
  const find = (name: string) =>
    TOOL_DIRECTORIES.map((directory) => `${directory}/${name}`).find((path) => isExecutable(path));
  return {
    sh: '/bin/sh',
    cat: find('cat') ?? 'cat',
    mkfifo: find('mkfifo') ?? 'mkfifo',
    sleep: find('sleep') ?? 'sleep',
    mount: find('mount') ?? 'mount',
    unshare: find('unshare') ?? 'unshare',
    nsenter: find('nsenter') ?? 'nsenter',
    env: find('env') ?? 'env',
    setpriv: find('setpriv'),
    hostname: find('hostname'),
    fallocate: find('fallocate'),
    script: find('script'),
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
