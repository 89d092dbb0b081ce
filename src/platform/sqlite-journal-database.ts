/**
 * The journal's file: one row per record, appended in revision order, in SQLite's write-ahead log with a flush per commit.
 *
 *     record(revision, key, create_revision, previous_revision, deleted, value, checksum)
 *     horizon(revision, compacted_revision)     one row: what holds even when the newest records are compacted away
 *
 * There is no index by key: it would double what a commit writes. Compaction instead knows from `previous_revision` which
 * rows have been replaced, and deletes them by revision, a few at a time, so that commits run in between.
 * Synchronous: it lives in a thread of its own.
 */
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { JournalRecord } from '../store/journal.ts';
import { JournalRefusedError } from './sqlite-errors.ts';
import { packRecords } from './sqlite-journal-frames.ts';
import type { LoadedJournal } from './sqlite-journal-protocol.ts';

/** Raised when the layout changes; a file with a higher number is refused. */
export const JOURNAL_FORMAT = 1;
/** "Kint": tells our files from other SQLite databases. */
const APPLICATION_ID = 0x4b696e74;

/** A predecessor that was killed may hold the lock a moment longer. */
const LOCK_TIMEOUT_MS = 1000;
/** Measured with 3.3 KB values: twice the throughput of 4 KB pages; larger ones only make single small writes dearer. */
const PAGE_BYTES = 8192;
/** The log is copied into the main file past this size: small enough that a commit that waits for it waits 10 ms. */
const CHECKPOINT_BYTES = 4 * 1024 * 1024;
/** A row is written to the log with its page, so small rows cost more than they hold. */
const RECORD_OVERHEAD_BYTES = PAGE_BYTES / 4;
const CHUNK_BYTES = 256 * 1024;
/** Rows that one step of a compaction deletes: about 2 ms. */
const COMPACTION_STEP_ROWS = 200;

const SCHEMA = `
  CREATE TABLE record (
    revision INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    create_revision INTEGER NOT NULL,
    previous_revision INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    value BLOB NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE horizon (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    compacted_revision INTEGER NOT NULL
  ) STRICT;
  INSERT INTO horizon VALUES (1, 0, 0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${JOURNAL_FORMAT};
`;

/** Rows that one step of a rewriting holds in memory. */
const REWRITE_STEP_ROWS = 200;

export interface RewriteCount {
  rewritten: number;
  total: number;
}

type RecordRow = [number, string, number, number, number, Uint8Array, number];

/** A row that may be deleted once the store is compacted at `replacedAt` or later. */
interface ReplacedRow {
  revision: number;
  replacedAt: number;
}

export class JournalDatabase {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  /** In the order of `replacedAt`. */
  #replaced: ReplacedRow[] = [];
  #revision = 0;
  #logBytes = 0;

  /** Opens or creates `path`. @throws JournalRefusedError, SQLite's and the file system's errors */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Secrets are in it: readable by its owner only. SQLite gives its log the same mode.
    closeSync(openSync(path, 'a', 0o600));
    this.#database = new DatabaseSync(path, { timeout: LOCK_TIMEOUT_MS });
    prepareFile(this.#database);
    flush(`${path}-wal`);
    flush(dirname(path));
    this.#insert = this.#database.prepare('INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#delete = this.#database.prepare('DELETE FROM record WHERE revision = ?');
  }

  /** Everything in the file. @throws JournalRefusedError when a record is not what was written */
  load(): LoadedJournal {
    const horizon = this.#database.prepare('SELECT revision, compacted_revision FROM horizon').get();
    if (horizon === undefined) throw new JournalRefusedError('is damaged: it has no horizon');
    const chunks: ArrayBuffer[] = [];
    let chunk: JournalRecord[] = [];
    let chunkBytes = 0;
    this.#revision = Number(horizon['revision']);
    const select = this.#database.prepare('SELECT * FROM record ORDER BY revision');
    select.setReturnArrays(true);
    for (const row of select.iterate()) {
      const record = toRecord(row as unknown as RecordRow);
      this.#noteRecord(record);
      chunk.push(record);
      chunkBytes += record.value.length;
      if (chunkBytes < CHUNK_BYTES) continue;
      chunks.push(packRecords(chunk));
      chunk = [];
      chunkBytes = 0;
    }
    if (chunk.length > 0) chunks.push(packRecords(chunk));
    return { revision: this.#revision, compactedRevision: Number(horizon['compacted_revision']), chunks };
  }

  /** Makes `records` durable, all or none. */
  commit(records: Iterable<JournalRecord>): void {
    const written: JournalRecord[] = [];
    this.#transaction(() => {
      for (const record of records) {
        this.#insert.run(
          record.revision,
          record.key,
          record.createRevision,
          record.previousRevision,
          record.deleted ? 1 : 0,
          record.value,
          checksum(record.key, record.value),
        );
        written.push(record);
      }
    });
    for (const record of written) {
      this.#noteRecord(record);
      this.#logBytes += record.value.length + RECORD_OVERHEAD_BYTES;
    }
  }

  /** Makes `revision` the horizon; the rows go with {@link compactStep}. */
  startCompaction(revision: number): void {
    this.#transaction(() => {
      this.#database
        .prepare('UPDATE horizon SET revision = ?, compacted_revision = max(compacted_revision, ?)')
        .run(this.#revision, revision);
    });
  }

  /** Deletes some of the rows that were replaced at or before `revision`; true when none is left. */
  compactStep(revision: number): boolean {
    let count = 0;
    while (count < COMPACTION_STEP_ROWS && (this.#replaced[count]?.replacedAt ?? Infinity) <= revision)
      count++;
    if (count === 0) return true;
    this.#transaction(() => {
      for (let i = 0; i < count; i++) this.#delete.run(this.#replaced[i]!.revision);
    });
    this.#replaced.splice(0, count);
    this.#logBytes += count * PAGE_BYTES;
    return false;
  }

  /**
   * Gives every value the form that `change` says, and leaves nothing of the old ones in the file or its log: for a store
   * that nobody uses. Cut short, it has changed some of them, and can be called again. Returns how many it changed.
   */
  rewrite(change: (key: string, value: Uint8Array) => Uint8Array | undefined): RewriteCount {
    this.#database.exec('PRAGMA secure_delete = ON');
    const select = this.#database.prepare(
      'SELECT revision, key, value FROM record WHERE revision > ? LIMIT ?',
    );
    const update = this.#database.prepare('UPDATE record SET value = ?, checksum = ? WHERE revision = ?');
    const count = { rewritten: 0, total: 0 };
    for (let after = -1; ; ) {
      const rows = select.all(after, REWRITE_STEP_ROWS) as {
        revision: number;
        key: string;
        value: Uint8Array;
      }[];
      if (rows.length === 0) break;
      after = rows.at(-1)!.revision;
      count.total += rows.length;
      this.#transaction(() => {
        for (const { revision, key, value } of rows) {
          const changed = change(key, value);
          if (changed === undefined) continue;
          update.run(changed, checksum(key, changed), revision);
          count.rewritten++;
        }
      });
    }
    this.#database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
    return count;
  }

  /** Copies the log into the main file once it has grown; nothing acknowledged depends on it. */
  checkpointIfLarge(): void {
    if (this.#logBytes < CHECKPOINT_BYTES) return;
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    this.#logBytes = 0;
  }

  close(): void {
    this.#database.close();
  }

  #noteRecord(record: JournalRecord): void {
    this.#revision = Math.max(this.#revision, record.revision);
    if (record.previousRevision > 0) {
      this.#replaced.push({ revision: record.previousRevision, replacedAt: record.revision });
    }
    if (record.deleted) this.#replaced.push({ revision: record.revision, replacedAt: record.revision });
  }

  #transaction(effect: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      effect();
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

function prepareFile(database: DatabaseSync): void {
  // Exclusive before the log is first touched: no other process gets in, and the log's index stays in memory.
  database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA page_size = ${PAGE_BYTES}`);
  const format = readPragma(database, 'user_version');
  const applicationId = readPragma(database, 'application_id');
  const tables = Number(database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count']);
  const fresh = tables === 0 && format === 0 && applicationId === 0;
  if (!fresh && applicationId !== APPLICATION_ID) throw new JournalRefusedError('is not a Kintsugi store');
  if (format > JOURNAL_FORMAT) {
    throw new JournalRefusedError(
      `has format ${format}, written by a newer Kintsugi; this one reads up to format ${JOURNAL_FORMAT}: use the newer program`,
    );
  }
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0');
  database.exec(`PRAGMA journal_size_limit = ${4 * CHECKPOINT_BYTES}`);
  if (fresh) database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
}

/**
 * SQLite flushes its log as it commits, but believes an old one as it finds it. A process that was killed before its flush
 * leaves a commit in the system's cache: shown to somebody, it would be gone with the next loss of power, and its revision
 * given again. Called while the lock is held, so that no predecessor writes any more; and never with the main file: to close
 * a second descriptor of that one would give up the lock.
 */
function flush(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readPragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function toRecord([
  revision,
  key,
  createRevision,
  previousRevision,
  deleted,
  value,
  sum,
]: RecordRow): JournalRecord {
  if (checksum(key, value) !== sum) {
    throw new JournalRefusedError(`is damaged: revision ${revision} does not match its checksum`);
  }
  return { revision, key, createRevision, previousRevision, deleted: deleted === 1, value };
}

function checksum(key: string, value: Uint8Array): number {
  return crc32(value, crc32(key));
}
