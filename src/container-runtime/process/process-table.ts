/** What the kernel tells of processes in `/proc`. A process is its pid and its start time: pids are used again. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot. */
  startTicks: number;
}

export interface ProcessStat extends ProcessIdentity {
  parentPid: number;
  sessionId: number;
  state: string;
  cpuTicks: number;
  residentPages: number;
}

/** Parses a line of `/proc/PID/stat`; the name in parentheses may hold anything. `undefined` for something else. */
export function parseProcessStat(line: string): ProcessStat | undefined {
  const pid = Number.parseInt(line, 10);
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  if (!(pid > 0) || fields.length < 22) return undefined;
  const number = (field: number) => Number(fields[field - 3]);
  return {
    pid,
    state: fields[0]!,
    parentPid: number(4),
    sessionId: number(6),
    cpuTicks: number(14) + number(15),
    startTicks: number(22),
    residentPages: number(24),
  };
}

/** `undefined` when there is no such process. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  const line = readOrNothing(`/proc/${pid}/stat`);
  return line === undefined ? undefined : parseProcessStat(line);
}

/** False also for a zombie: it runs nothing any more. */
export function isAlive({ pid, startTicks }: ProcessIdentity): boolean {
  const stat = readProcessStat(pid);
  return stat !== undefined && stat.startTicks === startTicks && stat.state !== 'Z' && stat.state !== 'X';
}

/** Sends `signal` unless the process is gone. */
export function signalProcess(identity: ProcessIdentity, signal: number): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Every process for which `holds`. */
export function findProcesses(holds: (stat: ProcessStat) => boolean): ProcessStat[] {
  const found: ProcessStat[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readProcessStat(Number(name));
    if (stat !== undefined && holds(stat)) found.push(stat);
  }
  return found;
}

/** Pids of the children of a process with one thread. */
export function childrenOf(parent: number): number[] {
  const listed = readOrNothing(`/proc/${parent}/task/${parent}/children`);
  if (listed !== undefined) return listed.split(' ').map(Number).filter(Boolean);
  // A kernel without that file, or no such process.
  return findProcesses(({ parentPid }) => parentPid === parent).map(({ pid }) => pid);
}

/** True when `entry` (`NAME=value`) is in the environment that the process was started with; false if that is not ours to read. */
export function hasEnvironmentEntry(pid: number, entry: string): boolean {
  return readOrNothing(`/proc/${pid}/environ`)?.split('\0').includes(entry) ?? false;
}

/** Differs from one start of the machine to the next. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Gone meanwhile, or another user's.
    return undefined;
  }
}
