/**
 * Tells one process from a later one with the same pid: by the boot of the machine and the start of the process within it.
 * Where there is no /proc no process is ever recognised, so none is adopted or signalled by mistake.
 */
import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from '../keeper/process-launcher.ts';

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startId: readStartId(process.pid) ?? '' };
}

/** True while the process that `identity` names runs; a zombie does not. */
export function isAlive({ pid, startId }: ProcessIdentity): boolean {
  return startId !== '' && readStartId(pid) === startId;
}

/** `undefined` when no such process runs. */
export function readStartId(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name in parentheses, may hold anything. Then: state (3), … start time (22).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
