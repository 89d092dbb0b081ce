/**
 * Where commits become durable: the one thing below the store that knows a disk or a network.
 *
 * Implementations: memory (tests, simulation), SQLite (`platform/sqlite-journal.ts`), etcd. `journal.contract.ts` is the
 * suite that each of them passes.
 *
 * Invariants: `commit` resolves only when the whole batch is durable; a batch is all or nothing; a failed commit means that
 * the process must end; batches are committed in the order of the calls; revisions only grow, also across restarts.
 */
import type { StoredValue } from './store.ts';

export interface Journal {
  /** Everything durable, in revision order, then ready for `commit`. Called once. */
  load(signal: AbortSignal): Promise<JournalSnapshot>;
  commit(batch: JournalBatch): Promise<void>;
  /** Commits of other writers (etcd); ends at once for single-writer journals. */
  follow(afterRevision: number, signal: AbortSignal): AsyncIterable<JournalBatch>;
  /** Forgets versions that are older than `revision` and superseded; tells how far history reaches after a restart. */
  compact(revision: number): Promise<void>;
  close(): Promise<void>;
}

export interface JournalSnapshot {
  /** The newest durable revision; 0 when empty. */
  revision: number;
  /** Watches cannot resume before this revision. */
  compactedRevision: number;
  /** Every version that is still held, in revision order, deletions included. */
  records: Iterable<JournalRecord>;
  /** The journal keeps the records that it is given, in this memory: their bytes need not be made for it. */
  keepsRecords?: boolean;
}

/** One write. Every write has a revision of its own. */
export interface JournalRecord {
  key: string;
  revision: number;
  /** The revision at which this key was (last) created. */
  createRevision: number;
  /** The revision of the version that this one replaces, deletions included; 0 when the key had none. */
  previousRevision: number;
  /** The encoded object; for a deletion, its last state (watchers show it). Where `object` is there, a spread leaves it out. */
  value: Uint8Array;
  /** What `value` encodes, deeply frozen; only in records for a journal that keeps them. */
  object?: StoredValue;
  deleted: boolean;
}

export interface JournalBatch {
  records: readonly JournalRecord[];
}

/** The journal cannot take writes now (disk full, read-only); nothing of the batch was written. Writers may try again. */
export class JournalUnavailableError extends Error {
  override name = 'JournalUnavailableError';
}
