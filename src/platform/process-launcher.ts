/**
 * Child processes that outlive the process that started them: each leads a session of its own (Ctrl-C in the terminal
 * reaches only the keeper, which stops them in order), and writes to a log file.
 */
import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';
import type { ChildSpec } from '../keeper/child-spec.ts';
import type {
  ProcessExit,
  ProcessIdentity,
  ProcessLauncher,
  ProcessSignal,
  RunningProcess,
} from '../keeper/process-launcher.ts';
import { isAlive, readStartId } from './process-identity.ts';

export interface ProcessLauncherOptions {
  /** Each child writes to `NAME.log` in it; it is made when missing. */
  logDirectory: string;
  clock: Clock;
}

export function newProcessLauncher(options: ProcessLauncherOptions): ProcessLauncher {
  return {
    start: (spec, record) => startChild(spec, options.logDirectory, record),
    adopt: (identity) => (isAlive(identity) ? adoptProcess(identity, options.clock) : undefined),
  };
}

/** SIGUSR2 is what `--report-on-signal` listens to: Node writes a report with all stacks, also from a busy loop. */
const SIGNALS: Record<ProcessSignal, NodeJS.Signals> = {
  terminate: 'SIGTERM',
  kill: 'SIGKILL',
  stackDump: 'SIGUSR2',
};

/** A log file larger than this is put aside (one generation) when its child is next started. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

/** Nothing tells of the end of a process that is not our child; looking costs one small read. */
const ADOPTED_POLL_MS = 200;

/**
 * Becomes the program that follows, as the process that it is, once a line has come in at descriptor 3. When that closes
 * without one, whoever started it is gone and may not have written down that it runs.
 */
const GATE = ['/bin/sh', '-c', 'read -r _ <&3 && exec "$0" "$@" 3<&-'] as const;

async function startChild(
  spec: ChildSpec,
  logDirectory: string,
  record: (identity: ProcessIdentity) => void,
): Promise<RunningProcess> {
  const [program = ''] = spec.command;
  if (program.includes('/')) accessSync(program, constants.X_OK);
  const log = openLog(join(logDirectory, `${spec.name}.log`));
  const [shell, ...gate] = GATE;
  const child = spawn(shell, [...gate, ...spec.command], {
    env: { ...spec.env },
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
  });
  closeSync(log);
  const gateway = child.stdio[3] as Writable;
  gateway.on('error', ignoreError);
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => resolve(code === null ? { signal: signal ?? '' } : { code }));
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      child.off('error', reject);
      child.on('error', ignoreError);
      const pid = child.pid ?? 0;
      const identity = { pid, startId: readStartId(pid) ?? '' };
      record(identity);
      gateway.end('\n');
      resolve({ identity, exited, signal: (name) => void child.kill(SIGNALS[name]) });
    });
  });
}

function openLog(path: string): number {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  const sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}

function adoptProcess(identity: ProcessIdentity, clock: Clock): RunningProcess {
  const exited = new Promise<ProcessExit>((resolve) => {
    const look = () => {
      if (isAlive(identity)) clock.setTimer(ADOPTED_POLL_MS, look);
      else resolve({});
    };
    look();
  });
  return {
    identity,
    exited,
    signal: (name) => {
      if (isAlive(identity)) process.kill(identity.pid, SIGNALS[name]);
    },
  };
}

/** A signal that came too late; `exit` tells the rest. */
function ignoreError(): void {}
