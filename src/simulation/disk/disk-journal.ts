/**
 * The journal of a simulated machine: one append-only log on a {@link SimulatedDisk}, a frame and a flush for each batch.
 * It stands for `platform/sqlite-journal.ts` and keeps its promises: what is acknowledged survives any crash, a batch is
 * all or nothing, a full disk refuses and recovers, a failed flush is fatal, damage is found when the log is opened.
 *
 *     commit:  append frame ─ sync ─ acknowledged
 *     compact: append horizon ─ sync ─ (enough is dead) write a new log ─ sync ─ rename ─ sync directory
 *     load:    sync file and directory ─ read ─ cut the torn tail ─ sync
 *
 * At most one frame is unflushed at any time. So a frame that is not whole was never acknowledged when nothing follows it,
 * and is damage when a whole one does.
 *
 * Differs from SQLite's: damage in the middle is refused with its place, where SQLite's log silently ends at the first bad
 * frame; in both a damaged *last* frame cannot be told from a torn one. Load flushes before it believes; compaction writes
 * a whole new log, so it needs that much room and commits wait for it; no second process is refused.
 */
import { abortable } from '../../base/abort.ts';
import { assert } from '../../base/assert.ts';
import {
  type Journal,
  type JournalBatch,
  type JournalRecord,
  type JournalSnapshot,
  JournalUnavailableError,
} from '../../store/journal.ts';
import { decodeFrame, encodeFrame, findFrame, type LogBytes, type LogFrame } from './log-frame.ts';
import { DiskError, type SimulatedDisk } from './sim-disk.ts';

export interface DiskJournalOptions {
  /** The log is written anew once it holds as many records that are dead, and more dead than alive. */
  rewriteAtDeadRecords?: number;
}

/** The log is not what was written; a person must restore it. */
export class JournalDamagedError extends Error {
  override name = 'JournalDamagedError';
}

const LOG = 'journal';
const NEXT_LOG = 'journal.next';
const REWRITE_AT_DEAD_RECORDS = 1000;
/** Records of one frame of a log that is written anew. */
const REWRITE_FRAME_RECORDS = 256;

type Condition = 'working' | 'broken' | 'crashed' | 'closed';

/** What a log holds, without what its horizon made obsolete. */
interface LogContent extends LogFrame {
  /** Where the whole frames end. */
  length: number;
  deadRecords: number;
}

export class DiskJournal implements Journal {
  readonly #disk: SimulatedDisk;
  readonly #rewriteAtDeadRecords: number;
  readonly #crashCount: number;
  #condition: Condition = 'working';
  /** The failed flush after which nothing is believed any more: every later call ends with it. */
  #brokenBy: unknown;
  #loaded = false;
  /** The calls so far, one after another; each waits for the one before. */
  #tail: Promise<unknown> = Promise.resolve();
  #revision = 0;
  #compactedRevision = 0;
  #lengthBytes = 0;
  #recordCount = 0;
  #deadRecords = 0;
  /** The revisions at which a record of the log became dead: ascending, all after the horizon. */
  #replacedAt: number[] = [];

  constructor(disk: SimulatedDisk, options: DiskJournalOptions = {}) {
    this.#disk = disk;
    this.#crashCount = disk.crashCount;
    this.#rewriteAtDeadRecords = options.rewriteAtDeadRecords ?? REWRITE_AT_DEAD_RECORDS;
  }

  /** The process is gone: what it had asked for never settles. A power failure (`disk.crash()`) implies it. */
  crash(): void {
    this.#condition = 'crashed';
  }

  load(signal: AbortSignal): Promise<JournalSnapshot> {
    assert(!this.#loaded, 'a journal is loaded once');
    this.#loaded = true;
    return abortable(
      this.#afterEarlier(() => this.#open()),
      signal,
    );
  }

  commit(batch: JournalBatch): Promise<void> {
    return this.#afterEarlier(async () => {
      const { records } = batch;
      let revision = this.#revision;
      for (const record of records) {
        assert(record.revision > revision, `revision ${record.revision} is not new`);
        revision = record.revision;
      }
      await this.#append({ revision, compactedRevision: this.#compactedRevision, records });
      this.#recordCount += records.length;
      for (const record of records) this.#noteReplaced(record);
    });
  }

  compact(revision: number): Promise<void> {
    return this.#afterEarlier(async () => {
      const compactedRevision = Math.max(this.#compactedRevision, revision);
      await this.#append({ revision: this.#revision, compactedRevision, records: [] });
      const alive = this.#replacedAt.findIndex((replacedAt) => replacedAt > compactedRevision);
      this.#deadRecords += this.#replacedAt.splice(0, alive < 0 ? this.#replacedAt.length : alive).length;
      const livingRecords = this.#recordCount - this.#deadRecords;
      if (this.#deadRecords >= Math.max(livingRecords, this.#rewriteAtDeadRecords)) await this.#rewrite();
    });
  }

  async *follow(): AsyncGenerator<JournalBatch> {
    // One writer: nobody else commits.
  }

  async close(): Promise<void> {
    if (this.#isDead()) return;
    await this.#tail;
    this.#condition = 'closed';
  }

  async #open(): Promise<JournalSnapshot> {
    const disk = this.#disk;
    // Until it is known what is on the disk; so it stays when that fails.
    this.#condition = 'broken';
    if (disk.has(NEXT_LOG)) disk.remove(NEXT_LOG);
    if (!disk.has(LOG)) await this.#replaceLog({ revision: 0, compactedRevision: 0, records: [] });
    // A predecessor that was killed leaves in the cache what the next power failure would take away again.
    await this.#survived(disk.sync(LOG));
    await this.#survived(disk.syncDirectory());
    const content = readLog(disk);
    if (content.length < disk.size(LOG)) {
      disk.truncate(LOG, content.length);
      // Or sectors of the next batch could complete the one that is cut here, after somebody has read that it is not there.
      await this.#survived(disk.sync(LOG));
    }
    this.#take(content);
    this.#condition = 'working';
    const { revision, compactedRevision, records } = content;
    return { revision, compactedRevision, records };
  }

  #take(content: LogContent): void {
    this.#revision = content.revision;
    this.#compactedRevision = content.compactedRevision;
    this.#lengthBytes = content.length;
    this.#deadRecords = content.deadRecords;
    this.#recordCount = content.records.length + content.deadRecords;
    this.#replacedAt = [];
    for (const record of content.records) {
      if (record.revision > content.compactedRevision) this.#noteReplaced(record);
    }
  }

  #noteReplaced(record: JournalRecord): void {
    if (record.previousRevision > 0) this.#replacedAt.push(record.revision);
    if (record.deleted) this.#replacedAt.push(record.revision);
  }

  async #append(frame: LogFrame): Promise<void> {
    this.#write(LOG, frame, () => this.#disk.truncate(LOG, this.#lengthBytes));
    await this.#survived(this.#disk.sync(LOG));
    this.#lengthBytes = this.#disk.size(LOG);
    this.#revision = frame.revision;
    this.#compactedRevision = frame.compactedRevision;
  }

  async #rewrite(): Promise<void> {
    const content = readLog(this.#disk);
    await this.#replaceLog(content);
    this.#take({ ...content, length: this.#disk.size(LOG), deadRecords: 0 });
  }

  /** Makes a log of `content` in the place of the present one, at once or not at all. */
  async #replaceLog({ revision, compactedRevision, records }: LogFrame): Promise<void> {
    const disk = this.#disk;
    const removeNext = () => {
      if (disk.has(NEXT_LOG)) disk.remove(NEXT_LOG);
    };
    for (let i = 0; i === 0 || i < records.length; i += REWRITE_FRAME_RECORDS) {
      const part = records.slice(i, i + REWRITE_FRAME_RECORDS);
      this.#write(NEXT_LOG, { revision, compactedRevision, records: part }, removeNext);
    }
    await this.#survived(disk.sync(NEXT_LOG));
    disk.rename(NEXT_LOG, LOG);
    // Before anything is committed to the new log: the power may fail and bring the old one back.
    await this.#survived(disk.syncDirectory());
  }

  #write(name: string, frame: LogFrame, undo: () => void): void {
    try {
      this.#disk.append(name, encodeFrame(frame));
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'ENOSPC') throw error;
      undo();
      throw new JournalUnavailableError(error.message, { cause: error });
    }
  }

  /** The outcome of a flush. */
  #survived(flush: Promise<void>): Promise<void> {
    return this.#whileAlive(flush).catch((error: unknown) => {
      // What is on the disk is unknown from here on.
      this.#condition = 'broken';
      this.#brokenBy = error;
      throw error;
    });
  }

  #afterEarlier<T>(effect: () => Promise<T>): Promise<T> {
    const result = this.#whileAlive(
      this.#tail.then(() => {
        if (this.#isDead()) return forever<T>();
        if (this.#condition === 'working') return effect();
        throw this.#brokenBy ?? new Error(`the journal is ${this.#condition}`);
      }),
    );
    this.#tail = result.catch(() => {});
    return result;
  }

  /** `promise`, of which nobody is left to hear when the process goes meanwhile. */
  #whileAlive<T>(promise: Promise<T>): Promise<T> {
    return promise.then(
      (value) => (this.#isDead() ? forever<T>() : value),
      (error: unknown) => {
        if (this.#isDead()) return forever<T>();
        throw error;
      },
    );
  }

  #isDead(): boolean {
    return this.#condition === 'crashed' || this.#crashCount !== this.#disk.crashCount;
  }
}

function forever<T>(): Promise<T> {
  return new Promise(() => {});
}

/** @throws JournalDamagedError when something that was acknowledged is not whole; DiskError when it cannot be read */
function readLog(disk: SimulatedDisk): LogContent {
  const bytes: LogBytes = { length: disk.size(LOG), read: (from, to) => disk.read(LOG, from, to) };
  const all: JournalRecord[] = [];
  const horizon = { revision: 0, compactedRevision: 0 };
  let length = 0;
  for (let next = decodeFrame(bytes, 0); next !== undefined; next = decodeFrame(bytes, length)) {
    for (const record of next.frame.records) {
      if (record.revision <= (all.at(-1)?.revision ?? 0)) {
        throw new JournalDamagedError(
          `${LOG} is damaged at byte ${length}: revision ${record.revision} is not in order`,
        );
      }
      all.push(record);
    }
    horizon.revision = next.frame.revision;
    horizon.compactedRevision = next.frame.compactedRevision;
    length = next.end;
  }
  // The first frame is there before the file has its name.
  const later = length === 0 ? 0 : length < bytes.length ? findFrame(bytes, length + 1) : undefined;
  if (later !== undefined) {
    throw new JournalDamagedError(
      `${LOG} is damaged at byte ${length}, after revision ${horizon.revision}: restore it from a copy`,
    );
  }
  const records = livingRecords(all, horizon.compactedRevision);
  return { ...horizon, records, length, deadRecords: all.length - records.length };
}

/** Without what was deleted or replaced at or before `compactedRevision`. */
function livingRecords(all: readonly JournalRecord[], compactedRevision: number): JournalRecord[] {
  const replaced = new Set<number>();
  for (const record of all) if (record.revision <= compactedRevision) replaced.add(record.previousRevision);
  return all.filter(
    (record) => record.revision > compactedRevision || !(record.deleted || replaced.has(record.revision)),
  );
}
