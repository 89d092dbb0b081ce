/**
 * Processes of this machine as the keeper needs them. The real one is `platform/process-launcher.ts`.
 *
 * A child must outlive its keeper: it has its own session, and its output goes to a file.
 */
import type { ChildSpec } from './child-spec.ts';

export interface ProcessLauncher {
  /**
   * Starts the child. It does nothing before `record` has been told who it is, and ends if the caller dies before that: no
   * child runs that nobody knows of. @throws Error when the program cannot be executed
   */
  start(spec: ChildSpec, record: (identity: ProcessIdentity) => void): Promise<RunningProcess>;
  /** The process that `identity` names, when it still lives: for the children of a keeper that died. */
  adopt(identity: ProcessIdentity): RunningProcess | undefined;
}

/** Names one process for ever: a pid alone is used again. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque: machine boot and start within it. */
  startId: string;
}

export interface RunningProcess {
  readonly identity: ProcessIdentity;
  /** Resolves when the process is gone; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Does nothing when the process is gone. */
  signal(name: ProcessSignal): void;
}

/** `stackDump` makes the child write where it is, as far as it can; it does not end it. */
export type ProcessSignal = 'terminate' | 'kill' | 'stackDump';

export interface ProcessExit {
  /** Absent when it was ended by a signal, and for an adopted process, of which it cannot be known. */
  code?: number;
  signal?: string;
}

/** `exit code 1`, `signal SIGKILL`, for logs and people. */
export function describeExit({ code, signal }: ProcessExit): string {
  if (signal !== undefined) return `signal ${signal}`;
  return code === undefined ? 'unknown exit' : `exit code ${code}`;
}
