/**
 * One committed version of one object: its bytes, its parsed value, and a link to the version that it replaced.
 *
 * Versions of a key form a list, newest first. Compaction cuts the list, so nothing that holds a version holds more history
 * than the store does. The parsed value is made on first use: opening a store with 10,000 objects parses none of them.
 */
import type { JournalRecord } from './journal.ts';
import type { StoredObject, StoredValue } from './store.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Version implements StoredObject {
  readonly key: string;
  readonly revision: number;
  readonly createRevision: number;
  readonly previousRevision: number;
  readonly bytes: Uint8Array;
  readonly deleted: boolean;
  /** The version that this one replaced, deletions included; `undefined` when there was none or compaction dropped it. */
  previous: Version | undefined;
  #value: StoredValue | undefined;

  constructor(record: JournalRecord, previous: Version | undefined, value?: StoredValue) {
    this.key = record.key;
    this.revision = record.revision;
    this.createRevision = record.createRevision;
    this.previousRevision = record.previousRevision;
    this.bytes = record.value;
    this.deleted = record.deleted;
    this.previous = previous;
    this.#value = value;
  }

  get value(): StoredValue {
    this.#value ??= deepFreeze(JSON.parse(decoder.decode(this.bytes)) as StoredValue);
    return this.#value;
  }

  /** Forgets the parsed value; the next use parses the bytes again. For versions that only history holds. */
  releaseValue(): void {
    this.#value = undefined;
  }
}

/** What was the newest version of `head`'s key at `revision`: `head` or an older one. */
export function versionAt(head: Version, revision: number): Version | undefined {
  let version: Version | undefined = head;
  while (version !== undefined && version.revision > revision) version = version.previous;
  return version;
}

/** `value` as it is at `revision`: `metadata.resourceVersion` set, deeply frozen, and encoded as UTF-8 JSON. */
export function encodeAt(value: StoredValue, revision: number): { value: StoredValue; bytes: Uint8Array } {
  const placed: StoredValue = {
    ...value,
    metadata: { ...value.metadata, resourceVersion: String(revision) },
  };
  return { value: deepFreeze(placed), bytes: encoder.encode(JSON.stringify(placed)) };
}

/**
 * Freezes `value` and all that it holds. A part that is frozen already is taken as deeply frozen: parts that a new version
 * shares with an older one are not walked again.
 */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) {
    for (const element of value) deepFreeze(element);
  } else {
    for (const name in value) deepFreeze(value[name]);
  }
  return Object.freeze(value);
}
