/**
 * The keys of a store in order, each with its newest durable version.
 *
 *     map     key -> Entry                         point reads
 *     chunks  [ a b c ][ d e ][ f g h ]            ordered reads; a chunk holds at most CHUNK_MAX entries
 *     values  ObjectIndex -> value -> entries      reads of one value; see value-index.ts
 *
 * A new key costs two binary searches and a move within one chunk, so inserts between lists stay cheap at any size.
 * Invariant: chunks are not empty, and the chunks one after another hold exactly the map's entries in key order.
 */
import { assert } from '../base/assert.ts';
import type { IndexedValue, ObjectIndex } from './store.ts';
import { ValueIndex } from './value-index.ts';
import type { Version } from './version.ts';

const CHUNK_MAX = 512;

/** One key. `head` is its newest durable version, a deletion included until compaction drops it. */
export interface Entry {
  readonly key: string;
  head: Version;
}

export class KeyIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #valueIndexes = new Map<ObjectIndex, ValueIndex>();
  #chunks: Entry[][] = [];

  /** Builds the index of many keys at once; `heads` are in any order. */
  static from(heads: Map<string, Version>): KeyIndex {
    const index = new KeyIndex();
    const keys = [...heads.keys()].sort();
    for (let start = 0; start < keys.length; start += CHUNK_MAX / 2) {
      const chunk = keys.slice(start, start + CHUNK_MAX / 2).map((key) => ({ key, head: heads.get(key)! }));
      for (const entry of chunk) index.#entries.set(entry.key, entry);
      index.#chunks.push(chunk);
    }
    return index;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Version | undefined {
    return this.#entries.get(key)?.head;
  }

  /** Makes `version` the newest of its key. */
  put(version: Version): void {
    const entry = this.#entries.get(version.key);
    if (entry !== undefined) {
      assert(
        entry.head.revision < version.revision,
        `revision ${version.revision} of ${version.key} goes back`,
      );
      const replaced = entry.head;
      entry.head = version;
      for (const index of this.#valueIndexes.values()) index.move(entry, replaced);
      return;
    }
    const created = { key: version.key, head: version };
    this.#insert(created);
    for (const index of this.#valueIndexes.values()) index.move(created, undefined);
  }

  /** Forgets a key whose newest version is a deletion. */
  delete(key: string): void {
    if (!this.#entries.delete(key)) return;
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at]!;
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The entry of `key`, if there is one and it comes after `afterKey`. */
  *entry(key: string, afterKey?: string): Generator<Entry> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && (afterKey === undefined || key > afterKey)) yield entry;
  }

  /** As {@link range}, of those whose newest version has `value`. */
  *indexed({ index, value }: IndexedValue, prefix: string, afterKey = ''): Generator<Entry> {
    assert(prefix.startsWith(index.prefix), `${prefix} is outside of the index of ${index.prefix}`);
    for (const entry of this.#valueIndex(index).entries(value)) {
      if (entry.key.startsWith(prefix) && entry.key > afterKey) yield entry;
    }
  }

  #valueIndex(index: ObjectIndex): ValueIndex {
    let known = this.#valueIndexes.get(index);
    if (known === undefined) {
      known = new ValueIndex(index);
      for (const entry of this.range(index.prefix)) known.move(entry, undefined);
      this.#valueIndexes.set(index, known);
    }
    return known;
  }

  /** The entries under `prefix` in key order, from the first key greater than `afterKey` on. */
  range(prefix: string, afterKey?: string): readonly Entry[] {
    const resumes = afterKey !== undefined && afterKey >= prefix;
    const from = resumes ? afterKey : prefix;
    let at = this.#chunkOf(from);
    let chunk = this.#chunks[at];
    let position = chunk === undefined ? 0 : lowerBound(chunk, from);
    if (resumes && chunk?.[position]?.key === afterKey) position++;
    const found: Entry[] = [];
    for (; chunk !== undefined; chunk = this.#chunks[++at], position = 0) {
      for (; position < chunk.length; position++) {
        const entry = chunk[position]!;
        if (!entry.key.startsWith(prefix)) return found;
        found.push(entry);
      }
    }
    return found;
  }

  #insert(entry: Entry): void {
    this.#entries.set(entry.key, entry);
    const at = this.#chunkOf(entry.key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([entry]);
      return;
    }
    chunk.splice(lowerBound(chunk, entry.key), 0, entry);
    if (chunk.length > CHUNK_MAX) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_MAX / 2));
  }

  /** The last chunk that starts at or before `key`, else the first. */
  #chunkOf(key: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#chunks[middle]![0]!.key <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The position of the first entry whose key is not less than `key`. */
function lowerBound(chunk: readonly Entry[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunk[middle]!.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
