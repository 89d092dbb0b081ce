/**
 * A cluster started as a user starts it: `bin/kintsugi up` on a data directory of its own, with a free port.
 *
 * The end of the test's process, however it comes, takes the cluster down, so that no test leaves processes, network
 * namespaces or mounts behind.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Kubectl, newKubectl } from './run-kubectl.ts';
import { type CommandEnd, type RunningCommand, runCommand, startCommand } from './running-command.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const KINTSUGI = join(ROOT, 'bin/kintsugi');
/** A program that sleeps and is killed at once; commands of a manifest find the machine's own programs in it. */
export const TOOLBOX = 'toolbox:1';
export const WEB_APP = 'web-app:1.0';
/** The same, which ends when it is told to. */
export const SHELL = 'shell:1';
/** Answers probes, as it is told to. */
export const PROBE_TARGET = 'probe-target:1';
/** An extension API server: `whoamis` of `pods.example.com/v1`. */
export const EXTENSION = 'extension:1';
const IMAGES = {
  [EXTENSION]: join(ROOT, 'test/tools/extension'),
  [PROBE_TARGET]: join(ROOT, 'test/tools/probe-target'),
  [SHELL]: join(ROOT, 'test/tools/shell'),
  [TOOLBOX]: join(ROOT, 'test/tools/toolbox'),
  [WEB_APP]: join(ROOT, 'examples/web-app'),
};

/** An account that owns nothing. */
export const NOBODY = 65_534;
export const isRoot = process.getuid?.() === 0;

export interface UpOptions {
  dataDir: string;
  /** More arguments of `up`. */
  args?: readonly string[];
  /** Run as this user; only where the test runs as root. */
  uid?: number;
  /** Without any capability or user namespace, as in somebody's container: no mount can be made. */
  isConfined?: boolean;
  env?: NodeJS.ProcessEnv;
}

type Account = Pick<UpOptions, 'uid' | 'isConfined' | 'env'>;

export interface UpCluster {
  readonly dataDir: string;
  readonly kubeconfig: string;
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  /** The keeper. */
  readonly up: RunningCommand;
  readonly kubectl: Kubectl;
  /** Runs the command line on this cluster, as whom the cluster runs. */
  kintsugi(...args: string[]): Promise<CommandEnd>;
  startKintsugi(...args: string[]): RunningCommand;
  /** SIGINT to the keeper; resolves when it has ended. `down` where that did not go well. */
  stop(): Promise<CommandEnd>;
  /** Ends everything and removes the data directory. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ReadyLine {
  ready: true;
  kubeconfig: string;
  server: string;
  nodes: number;
  startedInMs: number;
}

const live = new Map<string, UpOptions>();
process.once('SIGTERM', () => process.exit(143));
process.on('exit', () => {
  for (const options of live.values()) {
    const [program, ...args] = commandLine(options, ['down', '--data-dir', options.dataDir]);
    spawnSync(program!, args, { timeout: 60_000, stdio: 'ignore' });
    rmSync(options.dataDir, { recursive: true, force: true });
  }
});

/** The ways in which a cluster can run on this machine: what a container sees differs between them. */
export const ACCOUNTS: Readonly<
  Record<'root' | 'user' | 'confined', Omit<UpOptions, 'dataDir'> | undefined>
> = {
  root: isRoot ? {} : undefined,
  user: isRoot ? { uid: NOBODY } : {},
  confined: isRoot ? { uid: NOBODY, isConfined: true } : { isConfined: true },
};

/** A data directory of a test's own, owned by `uid`. */
export async function newUpDataDir(uid?: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kintsugi-up-'));
  if (uid !== undefined) chownSync(directory, uid, uid);
  return directory;
}

/** Starts `up` without waiting for the cluster: for one that is expected to refuse. */
export function launchUp(options: UpOptions): RunningCommand {
  live.set(options.dataDir, options);
  const images = Object.entries(IMAGES).flatMap(([reference, directory]) => [
    '--image',
    `${reference}=${directory}`,
  ]);
  const args = ['up', '--data-dir', options.dataDir, '--api-port', '0', '--output', 'json', ...images];
  return start(options, [...args, ...(options.args ?? [])]);
}

/** Starts a cluster and resolves when its API is ready and every node is. */
export async function startUpCluster(options: Partial<UpOptions> = {}): Promise<UpCluster> {
  const dataDir = options.dataDir ?? (await newUpDataDir(options.uid));
  const given = { ...options, dataDir };
  const up = launchUp(given);
  const [line] = await up.untilOutput(/^\{.*\}$/m);
  const { kubeconfig, server, nodes } = JSON.parse(line) as ReadyLine;
  const kubectl = newKubectl(kubeconfig);
  const stop = async () => {
    if (up.isRunning) up.signal('SIGINT');
    const end = await up.exited;
    if (end.code !== 0) await run(given, ['down', '--data-dir', dataDir]);
    live.delete(dataDir);
    return end;
  };
  const cluster: UpCluster = {
    dataDir,
    kubeconfig,
    server,
    up,
    kubectl,
    kintsugi: (...args) => run(given, [...args, '--data-dir', dataDir]),
    startKintsugi: (...args) => start(given, [...args, '--data-dir', dataDir]),
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      rmSync(dataDir, { recursive: true, force: true });
      rmSync(`${kubeconfig}.home`, { recursive: true, force: true });
    },
  };
  await eventually('the nodes are Ready', async () => {
    const { stdout } = await cluster.kintsugi('get', 'nodes', '--no-headers');
    assert.equal(stdout.match(/ Ready /g)?.length, nodes, stdout);
  });
  return cluster;
}

/** Runs `kintsugi` to its end as the user of `options`. */
export function run(options: Account, args: readonly string[]): Promise<CommandEnd> {
  const [program, ...rest] = commandLine(options, args);
  return runCommand(program!, rest, { env: environment(options) });
}

function start(options: Account, args: readonly string[]): RunningCommand {
  const [program, ...rest] = commandLine(options, args);
  return startCommand(program!, rest, { env: environment(options) });
}

function commandLine({ uid, isConfined = false }: Account, args: readonly string[]): string[] {
  const become =
    uid === undefined ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--'];
  const confine = isConfined ? ['unshare', '--user', '--map-root-user', 'sh', '-c', CONFINE, 'sh'] : [];
  return [...become, ...confine, KINTSUGI, ...args];
}

/** The limit is the new namespace's own. */
const CONFINE =
  'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all -- "$@"';

function environment({ env }: Pick<UpOptions, 'env'>): NodeJS.ProcessEnv {
  const { KUBECONFIG: _, ...own } = process.env;
  return { ...own, ...env };
}

const EVENTUALLY_DEADLINE_MS = 60_000;
const EVENTUALLY_POLL_MS = 50;

/** Calls `check` until it passes, and resolves with what it gives; past the deadline, its last failure comes out. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T>,
  deadlineMs = EVENTUALLY_DEADLINE_MS,
): Promise<T> {
  for (const deadline = performance.now() + deadlineMs; ; ) {
    const failure = await check().then(
      (value) => ({ value }),
      (error: Error) => ({ error }),
    );
    if ('value' in failure) return failure.value;
    if (performance.now() > deadline)
      throw new Error(`not in time: ${what}: ${failure.error.message}`, { cause: failure.error });
    await delay(EVENTUALLY_POLL_MS);
  }
}
