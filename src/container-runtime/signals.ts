/** Linux signal numbers by name, and what an exit code says of them. */
const NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
};
const RTMIN = 34;
const RTMAX = 64;

export const SIGTERM = 15;
export const SIGKILL = 9;

/**
 * The number of a signal as images and Pods name it: `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`.
 *
 * @returns `undefined` for a name that Linux does not know
 */
export function signalNumber(name: string): number | undefined {
  const bare = name.toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(bare)) return Number(bare) >= 1 && Number(bare) <= RTMAX ? Number(bare) : undefined;
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(bare);
  if (realtime === null) return NUMBERS[bare];
  const offset = Number(realtime[3] ?? 0) * (realtime[2] === '-' ? -1 : 1);
  const number = (realtime[1] === 'MIN' ? RTMIN : RTMAX) + offset;
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}

/** The exit code that a process killed by `signal` is reported with. */
export function exitCodeOfSignal(signal: number): number {
  return 128 + signal;
}

/** `status.containerStatuses[].state.terminated.reason` for a container that ran and ended. */
export function exitReason(exitCode: number, oomKilled: boolean): string {
  if (exitCode === 0) return 'Completed';
  return oomKilled ? 'OOMKilled' : 'Error';
}
