/**
 * What a crash test kills: a process that stores values and can be started again over the same data. The store alone and the
 * whole server each implement it; `crash-run.ts` knows only this.
 */

export interface CrashTarget {
  /** Starts a process over the data that the one before left; resolves when it serves. */
  start(): Promise<CrashSession>;
  /** Starts a process and kills it after `afterMs`, most likely before it serves. */
  startAndKill(afterMs: number): Promise<void>;
  /** Kills what still runs; for a test that fails half-way. */
  dispose(): void;
}

/** One life of the process. Whatever waits for an answer when it dies rejects. */
export interface CrashSession {
  /** Creates or replaces `key`; resolves with the write's revision when it is acknowledged. */
  write(key: string, value: CrashValue): Promise<number>;
  /** Deletes `key`; `undefined` when there was nothing. */
  remove(key: string): Promise<number | undefined>;
  list(): Promise<CrashList>;
  /** Every change after `afterRevision`, in the order in which the process tells them; ends when the process dies. */
  watch(afterRevision: number): AsyncIterable<CrashEvent>;
  /** Forgets history before `revision`, where the target can be told to. */
  compact(revision: number): Promise<void>;
  /** kill -9; resolves when the process is gone and everything that it had sent has been read. */
  kill(): Promise<void>;
}

/** `id` is different for every attempt to write; `padding` follows from it, so that a torn value shows. */
export interface CrashValue {
  id: string;
  padding: string;
}

export interface CrashEvent {
  type: 'put' | 'delete';
  key: string;
  revision: number;
  value: CrashValue;
}

export interface CrashList {
  revision: number;
  items: { key: string; revision: number; value: CrashValue }[];
}

const PADDING_BYTES = 3000;

export function newCrashValue(id: string): CrashValue {
  return { id, padding: `${id} `.repeat(Math.ceil(PADDING_BYTES / (id.length + 1))) };
}

export function isWhole(value: CrashValue): boolean {
  return value.padding === newCrashValue(value.id).padding;
}
