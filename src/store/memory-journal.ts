/**
 * A journal in memory, for tests and simulation, with the faults that a disk has.
 *
 * The {@link MemoryDisk} is what survives: a new journal over the same disk is what a restarted process opens.
 */
import { assert } from '../base/assert.ts';
import { type Deferred, newDeferred } from '../base/deferred.ts';
import {
  type Journal,
  type JournalBatch,
  type JournalRecord,
  type JournalSnapshot,
  JournalUnavailableError,
} from './journal.ts';

export interface MemoryDisk {
  records: JournalRecord[];
  revision: number;
  compactedRevision: number;
  /** Whether records stay as they come: fast and small, but their bytes are not made, let alone read back. */
  readonly keepsRecords: boolean;
}

export function newMemoryDisk(options: { keepsRecords?: boolean } = {}): MemoryDisk {
  return { records: [], revision: 0, compactedRevision: 0, keepsRecords: options.keepsRecords ?? false };
}

type Condition = 'working' | 'unavailable' | 'broken' | 'crashed' | 'closed';

export class MemoryJournal implements Journal {
  readonly #disk: MemoryDisk;
  #condition: Condition = 'working';
  #loaded = false;
  #gate: Deferred<void> | undefined;
  /** The commits so far, one after another; each waits for the one before. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(disk: MemoryDisk = newMemoryDisk()) {
    this.#disk = disk;
  }

  // Faults.

  /** Commits wait, undecided, until `release`. */
  hold(): void {
    this.#gate ??= newDeferred();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** From now on every commit and compaction fails with {@link JournalUnavailableError}, as on a full disk; until `recover`. */
  becomeUnavailable(): void {
    this.#condition = 'unavailable';
  }

  recover(): void {
    this.#condition = 'working';
  }

  /** From now on every commit fails in a way that leaves its outcome unknown, as when a flush fails. */
  breakDown(): void {
    this.#condition = 'broken';
  }

  /** The process is gone: commits that are not durable are lost and never settle. */
  crash(): void {
    this.#condition = 'crashed';
    this.release();
  }

  // The journal.

  load(signal: AbortSignal): Promise<JournalSnapshot> {
    signal.throwIfAborted();
    assert(!this.#loaded, 'a journal is loaded once');
    this.#loaded = true;
    const { revision, compactedRevision, keepsRecords } = this.#disk;
    return Promise.resolve({ revision, compactedRevision, keepsRecords, records: [...this.#disk.records] });
  }

  commit(batch: JournalBatch): Promise<void> {
    return this.#afterEarlier(() => {
      for (const record of batch.records) {
        assert(record.revision > this.#disk.revision, `revision ${record.revision} is not new`);
        this.#disk.records.push(record);
        this.#disk.revision = record.revision;
      }
    });
  }

  compact(revision: number): Promise<void> {
    return this.#afterEarlier(() => {
      const disk = this.#disk;
      disk.compactedRevision = Math.max(disk.compactedRevision, revision);
      const replaced = new Set<number>();
      for (const record of disk.records) {
        if (record.revision <= revision) replaced.add(record.previousRevision);
      }
      disk.records = disk.records.filter(
        (record) => record.revision > revision || !(record.deleted || replaced.has(record.revision)),
      );
    });
  }

  async *follow(): AsyncGenerator<JournalBatch> {
    // One writer: nobody else commits.
  }

  async close(): Promise<void> {
    if (this.#condition === 'crashed') return;
    await this.#tail;
    this.#condition = 'closed';
  }

  #afterEarlier(effect: () => void): Promise<void> {
    const result = this.#tail.then(async () => {
      await this.#gate?.promise;
      switch (this.#condition) {
        case 'working':
          return effect();
        case 'unavailable':
          throw new JournalUnavailableError('no space left on the simulated disk');
        case 'crashed':
          return new Promise<void>(() => {});
        case 'broken':
        case 'closed':
          throw new Error(`the simulated disk is ${this.#condition}`);
      }
    });
    this.#tail = result.catch(() => {});
    return result;
  }
}
