/**
 * The entries of one {@link ObjectIndex} by value: what the newest versions of its keys hold. Deletions are in no bucket.
 *
 * Buckets are not ordered, since they change with every write and are listed seldom; a list sorts what it takes.
 */
import type { Entry } from './key-index.ts';
import type { ObjectIndex } from './store.ts';
import type { Version } from './version.ts';

export class ValueIndex {
  readonly #index: ObjectIndex;
  readonly #buckets = new Map<string, Set<Entry>>();

  constructor(index: ObjectIndex) {
    this.#index = index;
  }

  /** `entry` holds another version than before, which was `replaced`. Keys of other prefixes are ignored. */
  move(entry: Entry, replaced: Version | undefined): void {
    if (!entry.key.startsWith(this.#index.prefix)) return;
    const from = this.#valueOf(replaced);
    const to = this.#valueOf(entry.head);
    if (from === to) return;
    if (from !== undefined) this.#remove(from, entry);
    if (to !== undefined) this.#add(to, entry);
  }

  /** In key order. */
  entries(value: string): readonly Entry[] {
    return [...(this.#buckets.get(value) ?? [])].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #valueOf(version: Version | undefined): string | undefined {
    return version === undefined || version.deleted ? undefined : this.#index.valueOf(version.value);
  }

  #add(value: string, entry: Entry): void {
    const bucket = this.#buckets.get(value);
    if (bucket === undefined) this.#buckets.set(value, new Set([entry]));
    else bucket.add(entry);
  }

  #remove(value: string, entry: Entry): void {
    const bucket = this.#buckets.get(value);
    bucket?.delete(entry);
    if (bucket?.size === 0) this.#buckets.delete(value);
  }
}
