/**
 * What the keeper writes down whenever it changes: by it `down` finds the processes, `status` tells what runs, and the next
 * `up` adopts the children of a keeper that was killed.
 */
import type { ProcessIdentity } from './process-launcher.ts';

export interface KeeperState {
  version: 1;
  keeper: ProcessIdentity;
  children: readonly ChildState[];
}

export interface ChildState {
  name: string;
  phase: ChildPhase;
  /** As it was started: a child that runs with another command is replaced, not adopted. */
  command: readonly string[];
  /** Absent while none runs. */
  process?: ProcessIdentity;
  /** Wall time, ms. */
  startedAtMs?: number;
  restarts: number;
  /** Why it ended last: `exit code 1`, `signal SIGKILL`, `hung`. */
  lastEnd?: string;
  stopOrder: number;
  stopTimeoutMs: number;
}

/** `starting` → `running` → `waiting` (for its next start) → `starting` …; `stopping` → `stopped` at the end. */
export type ChildPhase = 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped';

export interface KeeperStateFile {
  /** `undefined` when there is none, or one that cannot be understood: then nothing is adopted. */
  read(): KeeperState | undefined;
  /** Whole or not at all. */
  write(state: KeeperState): void;
  remove(): void;
}
