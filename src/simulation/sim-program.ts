/**
 * Programs as data: what a simulated container does, in virtual time. An image reference names a program; a
 * container's attempt number picks the run, so that a crash schedule is a list. `parse-program.ts` reads the same from YAML.
 *
 * ```ts
 * // Crashes two seconds after its first and second start, then runs; needs three seconds to stop.
 * const flaky: SimulatedProgram = {
 *   runs: [crashAfter(2000), crashAfter(2000), { onSignal: { SIGTERM: { afterMs: 3000, code: 0 } } }],
 * };
 * ```
 *
 * All times count from the start of the run, in the time that the process itself lives through: while it hangs or its
 * machine is frozen, they stand still.
 */
import type { ContainerConfig, RuntimeErrorReason } from '../container-runtime/runtime.ts';

export interface SimulatedProgram {
  /** The image is on the node before anything is pulled. */
  preloaded?: boolean;
  pull?: SimulatedPull;
  sizeBytes?: number;
  /** The image's own stop signal; default `SIGTERM`. */
  stopSignal?: string;
  /** Whom the image runs as. */
  user?: { uid?: number; name?: string };
  /** How each attempt goes: attempt 0 is `runs[0]`, and the last one repeats. Default: one that runs for ever. */
  runs?: readonly SimulatedRun[];
}

export interface SimulatedPull {
  takesMs?: number;
  /** With `times`, only the first so many pulls on each node fail. */
  error?: { reason: RuntimeErrorReason; message: string; times?: number };
}

export interface SimulatedRun {
  /** How long `startContainer` takes. */
  startMs?: number;
  /** The entrypoint cannot be executed: the message of `StartError`. */
  startError?: string;
  /** Until then it listens on no port. */
  readyAfterMs?: number;
  exit?: { afterMs: number; code: number; oomKilled?: boolean };
  /** By name; a signal that is not listed ends the process at once with 128 + its number. SIGKILL cannot be caught. */
  onSignal?: Readonly<Record<string, SignalReaction>>;
  /** From `afterMs` on (for `forMs`, or for ever) it does nothing: no answer, no log line, no reaction but to SIGKILL. */
  hang?: { afterMs: number; forMs?: number };
  log?: readonly SimulatedLogLine[];
  memory?: SimulatedMemory;
  cpuMillis?: number;
  /** TCP ports that accept a connection, all the time or in a window; `any` is every port. */
  ports?: 'any' | readonly (number | SimulatedPort)[];
  /** To GET requests: the first that applies; where none does, 200. */
  answers?: readonly HttpAnswer[];
  /** To gRPC health checks: the first that applies; where none does, SERVING. */
  health?: readonly HealthAnswer[];
  /** Of requests that it can stand; probes count too. */
  capacity?: SimulatedCapacity;
  /** What a command run in the container does. {@link exec} is asked first, then this, then what every image has. */
  commands?: readonly CommandAnswer[];
  /** What a command run in the container does, as a function; `undefined` is one that it does not know. */
  exec?: (command: readonly string[], context: SimulatedExecContext) => SimulatedExec | undefined;
}

/** From `fromMs` (default 0) up to, not including, `untilMs` (default for ever). */
export interface TimeWindow {
  fromMs?: number;
  untilMs?: number;
}

export interface SimulatedPort extends TimeWindow {
  port: number;
}

export interface HttpAnswer extends TimeWindow {
  /** Without the query; `/api/*` is everything that begins with `/api/`. Default: every path. */
  path?: string;
  /** Default: every port. */
  port?: number;
  /** `hang`: accepted, never answered. `reset`: closed without an answer. Default 200. */
  status?: number | 'hang' | 'reset';
  takesMs?: number;
  body?: string;
  /** With a status of 300 to 399: where to. */
  location?: string;
}

export interface HealthAnswer extends TimeWindow {
  /** As the probe names it; default: every one. */
  service?: string;
  port?: number;
  status: HealthStatus;
  takesMs?: number;
}

export type HealthStatus =
  | 'SERVING'
  | 'NOT_SERVING'
  | 'UNKNOWN'
  | 'SERVICE_UNKNOWN'
  | 'UNIMPLEMENTED'
  | 'hang'
  | 'reset';

export interface CommandAnswer extends TimeWindow {
  /** Its words with one space between; `cat *` is everything that begins with `cat `. Outside its window it exits 0. */
  command: string;
  exitCode?: number;
  stdout?: string;
  stderr?: string;
  takesMs?: number;
}

/** What a request above the capacity meets: a longer wait for each request above it, or `status` instead of its answer. */
export interface SimulatedCapacity {
  /** Requests at one time. */
  inFlight?: number;
  /** Requests that begin in one second of the run. */
  perSecond?: number;
  addsMs?: number;
  status?: number | 'hang' | 'reset';
}

/** Grows from `startBytes` up to `maxBytes`; reaching the container's memory limit is an OOM kill. */
export interface SimulatedMemory {
  startBytes: number;
  growthBytesPerSecond?: number;
  /** Never given back. */
  bytesPerRequest?: number;
  maxBytes?: number;
}

export type SignalReaction =
  | 'ignore'
  /** With `stopsListening`, new connections are refused from the signal on; requests in flight are still answered. */
  | { afterMs: number; code: number; stopsListening?: boolean };

export interface SimulatedLogLine {
  afterMs: number;
  line: string;
  stream?: 'stdout' | 'stderr';
}

export interface SimulatedExecContext {
  config: ContainerConfig;
  /** Since the container's start. */
  runningMs: number;
}

export interface SimulatedExec {
  exitCode: number;
  stdout?: string;
  stderr?: string;
  takesMs?: number;
  /** Standard input comes back on standard output, and the command ends when it is closed. */
  echo?: boolean;
}

/** A run that exits with `code` (default 1) after `afterMs`. */
export function crashAfter(afterMs: number, code = 1): SimulatedRun {
  return { exit: { afterMs, code } };
}

/** Starts at once, listens on every port, answers everything with 200, ends at SIGTERM: what an image is of which nothing is said. */
export const SERVES_ANYTHING: SimulatedProgram = {
  preloaded: true,
  runs: [{ ports: 'any', onSignal: { SIGTERM: { afterMs: 0, code: 0 } } }],
};
