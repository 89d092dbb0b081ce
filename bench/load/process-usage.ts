/** What the kernel says of a process. */
import { readFile } from 'node:fs/promises';

/** `CLK_TCK` of every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Resident memory of `pid` with all its threads, in MB (10^6 bytes). */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) * 1024) / 1e6;
}

/** Processor time of `pid` so far, user and system, all threads. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}
