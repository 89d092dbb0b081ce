/** A process that the keeper keeps running. */
export interface ChildSpec {
  /** Unique: `server`, `agent-node-1`. Also names its log file. */
  name: string;
  /** Program and arguments. */
  command: readonly string[];
  /** Whole environment. */
  env: Readonly<Record<string, string>>;
  /**
   * Asks the child's `/livez`; rejects when it does not answer well. The watchdog gives it a deadline through `signal`.
   * Absent: the child is not watched.
   */
  checkLiveness?: (signal: AbortSignal) => Promise<void>;
  /** Children of a higher number are stopped, and gone, before those of a lower one are told to stop. */
  stopOrder: number;
  /** How long it may take to stop before it is killed. */
  stopTimeoutMs: number;
}
