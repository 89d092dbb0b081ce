/**
 * A journal whose values of some keys have another form on disk: encrypted. What the store holds in memory, and what its
 * readers see, is always plain.
 *
 *     store --plain--> TransformedJournal --sealed where covered--> journal
 *
 * Batches in which nothing is covered pass as they are.
 */
import type { Journal, JournalBatch, JournalRecord, JournalSnapshot } from './journal.ts';

export interface ValueTransform {
  /** Whether values of `key` are sealed; called for every record. */
  covers(key: string): boolean;
  /** The form on disk. */
  seal(key: string, value: Uint8Array): Uint8Array;
  /** From the form on disk; what was never sealed comes back as it is. Throws, for a person, what cannot be opened. */
  open(key: string, value: Uint8Array): Uint8Array;
}

export class TransformedJournal implements Journal {
  readonly #inner: Journal;
  readonly #transform: ValueTransform;

  constructor(inner: Journal, transform: ValueTransform) {
    this.#inner = inner;
    this.#transform = transform;
  }

  async load(signal: AbortSignal): Promise<JournalSnapshot> {
    const snapshot = await this.#inner.load(signal);
    return { ...snapshot, records: opened(snapshot.records, this.#transform) };
  }

  commit(batch: JournalBatch): Promise<void> {
    return this.#inner.commit(this.#sealed(batch));
  }

  async *follow(afterRevision: number, signal: AbortSignal): AsyncGenerator<JournalBatch> {
    for await (const { records } of this.#inner.follow(afterRevision, signal))
      yield { records: [...opened(records, this.#transform)] };
  }

  compact(revision: number): Promise<void> {
    return this.#inner.compact(revision);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #sealed(batch: JournalBatch): JournalBatch {
    const transform = this.#transform;
    if (!batch.records.some(({ key }) => transform.covers(key))) return batch;
    const seal = (record: JournalRecord) => ({ ...record, value: transform.seal(record.key, record.value) });
    return { records: batch.records.map((record) => (transform.covers(record.key) ? seal(record) : record)) };
  }
}

function* opened(records: Iterable<JournalRecord>, transform: ValueTransform): Generator<JournalRecord> {
  for (const record of records) {
    const value = transform.open(record.key, record.value);
    yield value === record.value ? record : { ...record, value };
  }
}
