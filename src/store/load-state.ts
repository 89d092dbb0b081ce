/**
 * Builds the in-memory state from what a journal holds, without parsing a single object.
 *
 * A journal may still hold more than it must (compaction was cut short by a crash): what `compactedRevision` makes obsolete
 * is left out here too.
 */
import type { JournalSnapshot } from './journal.ts';
import { Version } from './version.ts';

export interface StoreState {
  revision: number;
  compactedRevision: number;
  keepsRecords: boolean;
  /** The newest version of each key. */
  heads: Map<string, Version>;
  /** The versions after `compactedRevision`, in revision order. */
  history: Version[];
}

/**
 * An empty store is at this revision, as etcd is: no list ever answers "0", which means "any" in the API.
 * Source: etcd, server/storage/mvcc, currentRev starts at 1.
 */
const FIRST_REVISION = 1;

export function loadState(snapshot: JournalSnapshot): StoreState {
  const { compactedRevision, keepsRecords = false } = snapshot;
  const heads = new Map<string, Version>();
  const history: Version[] = [];
  for (const record of snapshot.records) {
    const compacted = record.revision <= compactedRevision;
    const version = new Version(record, compacted ? undefined : heads.get(record.key));
    if (!compacted) history.push(version);
    if (compacted && record.deleted) heads.delete(record.key);
    else heads.set(record.key, version);
  }
  const revision = Math.max(FIRST_REVISION, snapshot.revision);
  return { revision, compactedRevision, keepsRecords, heads, history };
}
