/**
 * The server as a process of its own, as users run it, for tests and benchmarks that look at it from outside only.
 *
 * The command line stands here once. Whatever a test leaves running is killed when the test's process ends.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import type { TlsCredentials } from '../../src/platform/https-transport.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface ServerOptions {
  dataDir: string;
  /** 0 or absent: the port of the last start, or else a free one. */
  port?: number;
  /** `bundle`: what `npm run build` made; default the sources. */
  program?: 'source' | 'bundle';
  /** A program that runs the command line behind it, such as `['setpriv', '--reuid=65534', '--']`. */
  wrapper?: readonly string[];
  /** Further options of the command line. */
  args?: readonly string[];
}

export interface ServerProcess {
  readonly dataDir: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly url: string;
  readonly pid: number;
  /** The administrator's. */
  readonly tls: Required<TlsCredentials>;
  /** Resolves when the process has ended. */
  readonly exited: Promise<ServerExit>;
  /** Its log so far. */
  log(): string;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<ServerExit>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<ServerExit>;
}

export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

const READY_DEADLINE_MS = 60_000;
const READY_POLL_MS = 5;

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => void child.kill('SIGKILL')));

/** Starts a server and resolves when `/readyz` answers 200. Rejects, with what it wrote, when it ends before. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const launched = launchServer(options);
  const exit = launched.exited.then(({ code, signal, stderr, stdout }) => {
    return assert.fail(`the server ended with ${code ?? signal} before it was ready:\n${stderr}${stdout}`);
  });
  const abandoned = new AbortController();
  const ready = untilReady(options.dataDir, abandoned.signal);
  try {
    const { kubeconfig, url, tls } = await Promise.race([ready, exit]);
    exit.catch(() => {});
    return { dataDir: options.dataDir, kubeconfig, url, tls, ...launched };
  } catch (error) {
    abandoned.abort();
    await launched.kill();
    throw error;
  }
}

type LaunchedServer = Pick<ServerProcess, 'pid' | 'exited' | 'log' | 'stop' | 'kill'>;

/** Starts a server without waiting for it: for one that is expected to fail, or is killed while it starts. */
export function launchServer(options: ServerOptions): LaunchedServer {
  const [program, ...args] = commandLine(options);
  const child = spawn(program!, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const [stdout, stderr] = [collect(child.stdout!), collect(child.stderr!)];
  const exited = new Promise<ServerExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal, stdout: stdout(), stderr: stderr() });
    });
  });
  const end = (signal: NodeJS.Signals) => {
    if (running.has(child)) child.kill(signal);
    return exited;
  };
  return {
    pid: child.pid!,
    exited,
    log: () => stderr() + stdout(),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

function commandLine({ dataDir, port = 0, program, wrapper, args = [] }: ServerOptions): string[] {
  const entry = program === 'bundle' ? 'dist/kintsugi.mjs' : 'src/main/kintsugi.ts';
  return [
    ...(wrapper ?? []),
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(ROOT, entry),
    'server',
    `--data-dir=${dataDir}`,
    `--api-port=${port}`,
    ...args,
  ];
}

/** A data directory of a test's own. */
export function newDataDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'kintsugi-server-'));
}

interface TestScope {
  after(cleanUp: () => Promise<void>): void;
}

/** A server on a new data directory, both gone when the test that `t` stands for is over. */
export async function startServerFor(t: TestScope): Promise<ServerProcess> {
  const dataDir = await newDataDir();
  let server: ServerProcess | undefined;
  t.after(async () => {
    await server?.kill();
    await rm(dataDir, { recursive: true, force: true });
  });
  server = await startServer({ dataDir });
  return server;
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

interface Kubeconfig {
  clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
  users: [{ user: { 'client-certificate-data': string; 'client-key-data': string } }];
}

/** Where and how the administrator reaches the server of `dataDir`, as its kubeconfig says. */
export async function readKubeconfig(
  path: string,
): Promise<Pick<ServerProcess, 'kubeconfig' | 'url' | 'tls'>> {
  const { clusters, users } = load(await readFile(path, 'utf8')) as Kubeconfig;
  const [{ cluster }, { user }] = [clusters[0], users[0]];
  const pem = (base64: string) => Buffer.from(base64, 'base64').toString();
  return {
    kubeconfig: path,
    url: cluster.server,
    tls: {
      serverCa: pem(cluster['certificate-authority-data']),
      cert: pem(user['client-certificate-data']),
      key: pem(user['client-key-data']),
    },
  };
}

async function untilReady(dataDir: string, signal: AbortSignal) {
  const path = join(dataDir, 'kubeconfig');
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (;;) {
    signal.throwIfAborted();
    assert.ok(performance.now() < deadline, `the server was not ready after ${READY_DEADLINE_MS} ms`);
    if (existsSync(path)) {
      // Read anew each time: a restart may have moved to another port.
      const found = await readKubeconfig(path);
      if (await isReady(found)) return found;
    }
    await delay(READY_POLL_MS);
  }
}

function isReady({ url, tls }: Pick<ServerProcess, 'url' | 'tls'>): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(`${url}/readyz`, { ca: tls.serverCa, agent: false, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy()).on('error', () => resolve(false));
    asked.end();
  });
}
