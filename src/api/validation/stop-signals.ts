/** The signals that may stop a container, by operating system. @see core/v1 Signal */

function realTime(from: string, sign: '+' | '-', count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${from}${sign}${i + 1}`);
}

const LINUX = [
  ...'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM'.split(
    ' ',
  ),
  ...'TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'.split(' '),
  'RTMIN',
  ...realTime('RTMIN', '+', 15),
  ...realTime('RTMAX', '-', 14),
  'RTMAX',
].map((name) => `SIG${name}`);

export const STOP_SIGNALS: ReadonlyMap<string, readonly string[]> = new Map([
  ['linux', LINUX],
  ['windows', ['SIGKILL', 'SIGTERM']],
]);
