/**
 * Stands between a test and its cluster, in a session of its own: starts `npm start`'s cluster when told to, and takes
 * everything away when the test says so or is gone, however it went. Only the guardian's own SIGKILL leaves something
 * behind; the next start of a cluster sweeps that up (`sweepAbandoned`).
 *
 * Told by messages: `up`, `interrupt` (Ctrl-C to the cluster). The end of the channel is the end of the cluster.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';

export interface Charge {
  /** Everything of the cluster lies in it, and goes with it. */
  directory: string;
  /** Whom the cluster runs as; absent: as the test. */
  uid?: number;
}

export type Order = 'up' | 'interrupt';

export type Report =
  | { kind: 'ready'; line: ReadyLine }
  | { kind: 'exited'; code: number | null; signal: string | null };

/** What `kintsugi up --output json` prints. */
export interface ReadyLine {
  kubeconfig: string;
  server: string;
  startedInMs: number;
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const STOP_LIMIT_MS = 90_000;
const DOWN_LIMIT_MS = 90_000;

export const dataDirOf = ({ directory }: Charge): string => path.join(directory, 'data');
export const outputOf = ({ directory }: Charge): string => path.join(directory, 'up.log');

let cluster: ChildProcess | undefined;

/** Runs a program of the repository as the cluster's user. */
export function spawnAsCluster({ directory, uid }: Charge, args: string[], log: number): ChildProcess {
  const [program, ...rest] = args;
  return spawn(program!, rest, {
    cwd: ROOT,
    env: { PATH: `${path.dirname(process.execPath)}:${process.env['PATH']}`, HOME: directory },
    stdio: ['ignore', 'pipe', log],
    detached: true,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}

/** `kintsugi down`, then the directory: nothing of the cluster is left. */
export async function takeAway(charge: Charge): Promise<void> {
  const log = openSync(outputOf(charge), 'a');
  const down = spawnAsCluster(
    charge,
    [path.join(ROOT, 'bin/kintsugi'), 'down', '--data-dir', dataDirOf(charge)],
    log,
  );
  closeSync(log);
  down.stdout?.resume();
  await exitOf(down, DOWN_LIMIT_MS);
  rmSync(charge.directory, { recursive: true, force: true, maxRetries: 5 });
}

function up(charge: Charge): void {
  const log = openSync(outputOf(charge), 'a');
  const args = [process.execPath, '--disable-warning=ExperimentalWarning', path.join(ROOT, 'tools/start.ts')];
  const options = ['--data-dir', dataDirOf(charge), '--api-port', '0', '--output', 'json'];
  cluster = spawnAsCluster(charge, [...args, ...options], log);
  closeSync(log);
  let output = '';
  cluster.stdout?.on('data', (chunk: Buffer) => {
    output += chunk;
    const line = /^\{.*\}$/m.exec(output)?.[0];
    if (line === undefined) return;
    output = '';
    report({ kind: 'ready', line: JSON.parse(line) as ReadyLine });
  });
  cluster.on('exit', (code, signal) => report({ kind: 'exited', code, signal }));
}

/** The test may be gone already. */
function report(message: Report): void {
  if (process.connected) process.send!(message, undefined, undefined, () => {});
}

async function exitOf(child: ChildProcess, limitMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  await exited;
  clearTimeout(timer);
}

async function main(charge: Charge): Promise<void> {
  const over = new Promise<void>((resolve) => process.once('disconnect', resolve));
  process.on('message', (order: Order) => {
    if (order === 'up') up(charge);
    else cluster?.kill('SIGINT');
  });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
  await over;
  if (cluster !== undefined) {
    cluster.kill('SIGTERM');
    await exitOf(cluster, STOP_LIMIT_MS);
  }
  await takeAway(charge);
}

if (import.meta.main) {
  assert(process.argv[2] !== undefined, 'usage: guardian.ts CHARGE');
  await main(JSON.parse(process.argv[2]) as Charge);
}
