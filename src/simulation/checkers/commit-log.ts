/**
 * What happened lately to the objects of each kind, with what they were before: by this a watch is told from what it should
 * have been. Bounded: {@link ENTRIES_MAX} commits of a kind, and the objects that exist.
 */
import type { StoredValue } from '../../store/store.ts';
import type { World } from '../world/world.ts';
import type { ObjectCommitted } from '../world/world-event.ts';

export interface LogEntry {
  readonly key: string;
  readonly revision: number;
  readonly atMs: number;
  readonly type: 'put' | 'delete';
  readonly object: StoredValue;
  readonly before: StoredValue | undefined;
}

const ENTRIES_MAX = 20_000;

/** `/registry/pods/`, `/registry/apps/deployments/`: kinds are told apart by all but the namespace and the name. */
export class CommitLog {
  readonly #objects = new Map<string, StoredValue>();
  /** By the first steps of the key, which all of its kind share. */
  readonly #byKind = new Map<string, KindLog>();
  #revision = 0;

  constructor({ server }: World) {
    for (const { key, value, revision } of server.store?.list({ prefix: '' }).objects ?? []) {
      this.#objects.set(key, value);
      this.#revision = Math.max(this.#revision, revision);
    }
    this.#revision = Math.max(this.#revision, server.store?.revision ?? 0);
  }

  /** Every commit up to this one has been told. */
  get revision(): number {
    return this.#revision;
  }

  add({ key, revision, atMs, type, object }: ObjectCommitted & { atMs: number }): void {
    const before = this.#objects.get(key);
    if (type === 'put') this.#objects.set(key, object);
    else this.#objects.delete(key);
    this.#revision = revision;
    for (const [prefix, log] of this.#byKind) {
      if (key.startsWith(prefix)) log.add({ key, revision, atMs, type, object, before });
    }
  }

  /** The log of what is under `prefix`, from the first time that it is asked for. */
  kind(prefix: string): KindLog {
    let log = this.#byKind.get(prefix);
    if (log === undefined) {
      const objects = [...this.#objects].filter(([key]) => key.startsWith(prefix));
      log = new KindLog(this.#revision, objects);
      this.#byKind.set(prefix, log);
    }
    return log;
  }
}

/** Entries are numbered from the first one ever; the oldest ones go. */
export class KindLog {
  readonly #entries: LogEntry[] = [];
  /** What there is now. */
  readonly #objects: Map<string, StoredValue>;
  #first = 0;
  /** What happened up to here is not in the log. */
  #forgottenUpTo: number;

  constructor(revision: number, objects: Iterable<[string, StoredValue]>) {
    this.#forgottenUpTo = revision;
    this.#objects = new Map(objects);
  }

  get end(): number {
    return this.#first + this.#entries.length;
  }

  add(entry: LogEntry): void {
    if (entry.type === 'put') this.#objects.set(entry.key, entry.object);
    else this.#objects.delete(entry.key);
    this.#entries.push(entry);
    if (this.#entries.length <= ENTRIES_MAX) return;
    const [last] = this.#entries.splice(0, ENTRIES_MAX / 2).slice(-1);
    this.#first += ENTRIES_MAX / 2;
    this.#forgottenUpTo = last!.revision;
  }

  at(index: number): LogEntry {
    return this.#entries[index - this.#first]!;
  }

  /** Whether the entry of that number is still here, or yet to come. */
  holds(index: number): boolean {
    return index >= this.#first;
  }

  /** What there was at `revision`; `undefined` when that is too long ago to say. */
  stateAt(revision: number): Map<string, StoredValue> | undefined {
    const later = this.after(revision);
    if (later === undefined) return undefined;
    const state = new Map(this.#objects);
    for (let index = this.end - 1; index >= later; index--) {
      const { key, before } = this.at(index);
      if (before === undefined) state.delete(key);
      else state.set(key, before);
    }
    return state;
  }

  /** The number of the first entry after `revision`; `undefined` when entries after it are forgotten. */
  after(revision: number): number | undefined {
    if (revision < this.#forgottenUpTo) return undefined;
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#first + low;
  }
}
