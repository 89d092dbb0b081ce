/**
 * Programs as data: what a simulated container does, in virtual time. An image reference names a program; a
 * container's attempt number picks the run, so that a crash schedule is a list.
 *
 * ```ts
 * // Crashes two seconds after its first and second start, then runs; needs three seconds to stop.
 * const flaky: SimulatedProgram = {
 *   runs: [crashAfter(2000), crashAfter(2000), { onSignal: { SIGTERM: { afterMs: 3000, code: 0 } } }],
 * };
 * ```
 */
import type { ContainerConfig, RuntimeErrorReason } from '../container-runtime/runtime.ts';

export interface SimulatedProgram {
  /** The image is on the node before anything is pulled. */
  preloaded?: boolean;
  pull?: { takesMs?: number; error?: { reason: RuntimeErrorReason; message: string } };
  sizeBytes?: number;
  /** The image's own stop signal; default `SIGTERM`. */
  stopSignal?: string;
  /** How each attempt goes: attempt 0 is `runs[0]`, and the last one repeats. Default: one that runs for ever. */
  runs?: readonly SimulatedRun[];
}

export interface SimulatedRun {
  /** How long `startContainer` takes. */
  startMs?: number;
  /** The entrypoint cannot be executed: the message of `StartError`. */
  startError?: string;
  exit?: { afterMs: number; code: number; oomKilled?: boolean };
  /** By name; a signal that is not listed ends the process at once with 128 + its number. SIGKILL cannot be caught. */
  onSignal?: Readonly<Record<string, SignalReaction>>;
  log?: readonly SimulatedLogLine[];
  /** Grows from `startBytes`; reaching the container's memory limit is an OOM kill. */
  memory?: { startBytes: number; growthBytesPerSecond?: number };
  cpuMillis?: number;
  /** What a command run in the container does; `undefined`, or no function, is a command that does not exist. */
  exec?: (command: readonly string[], context: SimulatedExecContext) => SimulatedExec | undefined;
  /** TCP ports that accept a connection; what is written comes back. */
  ports?: readonly number[];
}

export type SignalReaction = 'ignore' | { afterMs: number; code: number };

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
