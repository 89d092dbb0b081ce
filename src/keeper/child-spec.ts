import type { Liveness } from './watchdog.ts';

/** A process that the keeper keeps running. Without `checkLiveness` it is not watched. */
export interface ChildSpec extends Partial<Liveness> {
  /** Unique: `server`, `agent-node-1`. Also names its log file. */
  name: string;
  /** Program and arguments. */
  command: readonly string[];
  /** Whole environment. */
  env: Readonly<Record<string, string>>;
  /** Children of a higher number are stopped, and gone, before those of a lower one are told to stop. */
  stopOrder: number;
  /** How long it may take to stop before it is killed. */
  stopTimeoutMs: number;
}
