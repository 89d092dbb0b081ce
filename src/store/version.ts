/**
 * One committed version of one object: its journal record, its parsed value, and a link to the version that it replaced.
 *
 * Versions of a key form a list, newest first. Compaction cuts the list, so nothing that holds a version holds more history
 * than the store does. A value is parsed from its bytes on first use: opening a store with 10,000 objects parses none of them.
 */
import type { JournalRecord } from './journal.ts';
import type { StoredObject, StoredValue } from './store.ts';

const decoder = new TextDecoder();

/** What a value counts as that has no bytes yet: most of it is shared with the version before. */
const UNENCODED_BYTES = 2048;

export class Version implements StoredObject {
  readonly record: JournalRecord;
  /** The version that this one replaced, deletions included; `undefined` when there was none or compaction dropped it. */
  previous: Version | undefined;
  #value: StoredValue | undefined;

  constructor(record: JournalRecord, previous: Version | undefined, value?: StoredValue) {
    this.record = record;
    this.previous = previous;
    this.#value = value;
  }

  get key(): string {
    return this.record.key;
  }

  get revision(): number {
    return this.record.revision;
  }

  get createRevision(): number {
    return this.record.createRevision;
  }

  get deleted(): boolean {
    return this.record.deleted;
  }

  get bytes(): Uint8Array {
    return this.record.value;
  }

  /** For limits: what it adds to memory, roughly where there are no bytes. */
  get sizeBytes(): number {
    return this.record.object === undefined ? this.record.value.length : UNENCODED_BYTES;
  }

  get value(): StoredValue {
    this.#value ??= this.record.object ?? parse(this.record.value);
    return this.#value;
  }

  /** Forgets the parsed value where bytes hold it too; the next use parses them. For versions that only history holds. */
  releaseValue(): void {
    this.#value = undefined;
  }
}

function parse(bytes: Uint8Array): StoredValue {
  return deepFreeze(JSON.parse(decoder.decode(bytes)) as StoredValue);
}

/** What was the newest version of `head`'s key at `revision`: `head` or an older one. */
export function versionAt(head: Version, revision: number): Version | undefined {
  let version: Version | undefined = head;
  while (version !== undefined && version.revision > revision) version = version.previous;
  return version;
}

/** The versions of one key after `revision`, oldest first. */
export function versionsAfter(head: Version | undefined, revision: number): Version[] {
  const versions: Version[] = [];
  for (let version = head; version !== undefined && version.revision > revision; version = version.previous) {
    versions.push(version);
  }
  return versions.reverse();
}

/** `value` as it is at `revision`: `metadata.resourceVersion` set, and deeply frozen. */
export function placeAt(value: StoredValue, revision: number): StoredValue {
  return deepFreeze({
    ...value,
    metadata: { ...value.metadata, resourceVersion: String(revision) },
  });
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
