/**
 * The journal's record of one write: with its bytes, or, for a journal that keeps the records themselves, with the value
 * that they would encode. Nobody in the process needs the bytes then, and most are never made.
 */
import type { JournalRecord } from './journal.ts';
import type { StoredValue } from './store.ts';

const encoder = new TextEncoder();

/** `value` is frozen and carries its revision. */
export function encodedRecord(
  write: Omit<JournalRecord, 'value' | 'object'>,
  value: StoredValue,
): JournalRecord {
  return { ...write, value: encode(value) };
}

export class UnencodedRecord implements JournalRecord {
  readonly key: string;
  readonly revision: number;
  readonly createRevision: number;
  readonly previousRevision: number;
  readonly deleted: boolean;
  readonly object: StoredValue;
  #bytes: Uint8Array | undefined;

  constructor(write: Omit<JournalRecord, 'value' | 'object'>, object: StoredValue) {
    this.key = write.key;
    this.revision = write.revision;
    this.createRevision = write.createRevision;
    this.previousRevision = write.previousRevision;
    this.deleted = write.deleted;
    this.object = object;
  }

  get value(): Uint8Array {
    this.#bytes ??= encode(this.object);
    return this.#bytes;
  }
}

function encode(value: StoredValue): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}
