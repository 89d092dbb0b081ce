/** A store in memory for tests, with its disk and its journal's faults in hand. */
import type { Clock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { StatusError, type StatusReason } from '../base/status-error.ts';
import { type MemoryDisk, MemoryJournal, newMemoryDisk } from './memory-journal.ts';
import { type OpenStore, openStore, type StoreLimits } from './mvcc-store.ts';
import type { Store, StoredObject, StoredValue, StoreEvent, StoreWatch } from './store.ts';

export interface FixtureOptions {
  limits?: Partial<StoreLimits>;
  disk?: MemoryDisk;
  /** Default: one that stands still. */
  clock?: Clock;
}

export interface Fixture {
  store: OpenStore;
  journal: MemoryJournal;
  disk: MemoryDisk;
  /** The sizes of the commits so far. */
  batches: number[];
  /** The process is gone and another one opens the same disk. */
  reopen(): Promise<Fixture>;
}

const STOPPED_CLOCK: Clock = {
  now: () => 0,
  monotonicMs: () => 0,
  setTimer: () => ({ cancel() {} }),
  sleep: () => new Promise(() => {}),
};

const decoder = new TextDecoder();

export async function newFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const disk = options.disk ?? newMemoryDisk();
  const journal = new MemoryJournal(disk);
  const clock = options.clock ?? STOPPED_CLOCK;
  const batches: number[] = [];
  const commit = journal.commit.bind(journal);
  journal.commit = (batch) => {
    batches.push(batch.records.length);
    return commit(batch);
  };
  const limits = options.limits ?? {};
  const store = await openStore({ journal, clock, log: silentLogger, limits }, new AbortController().signal);
  const reopen = () => {
    journal.crash();
    return newFixture({ ...options, disk });
  };
  return { store, journal, disk, batches, reopen };
}

export function object(name: string, fields: object = {}, resourceVersion?: string): StoredValue {
  const metadata: Record<string, string> = { name };
  if (resourceVersion !== undefined) metadata['resourceVersion'] = resourceVersion;
  return { metadata, ...fields };
}

export async function putObject(store: Store, key: string, fields: object = {}): Promise<StoredObject> {
  const result = await store.transact(key, () => ({
    put: object(key.slice(key.lastIndexOf('/') + 1), fields),
  }));
  return result.object!;
}

export async function remove(store: Store, key: string): Promise<void> {
  await store.transact(key, () => ({ delete: true }));
}

/** The object that the bytes hold. */
export function encoded(stored: StoredObject | undefined): unknown {
  return JSON.parse(decoder.decode(stored!.bytes));
}

/** The reason that `promise` rejects with; `undefined` when it resolves. */
export function reasonOf(promise: Promise<unknown>): Promise<StatusReason | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof StatusError) return error.reason;
      throw error;
    },
  );
}

/** The next `count` events of `watch`. */
export async function take(watch: StoreWatch, count: number): Promise<StoreEvent[]> {
  const events: StoreEvent[] = [];
  const iterator = watch[Symbol.asyncIterator]();
  while (events.length < count) {
    const next = await iterator.next();
    if (next.done === true) break;
    events.push(...next.value);
  }
  return events;
}

/** `put /key@revision` or `delete /key@revision`. */
export function described(events: readonly StoreEvent[]): string[] {
  return events.map(({ type, key, revision }) => `${type} ${key}@${revision}`);
}

/** What `watch` can hand out now, without waiting. */
export async function drain(watch: StoreWatch, store: Store): Promise<StoreEvent[]> {
  const events: StoreEvent[] = [];
  const iterator = watch[Symbol.asyncIterator]();
  while (watch.deliveredRevision < store.revision) {
    const next = await iterator.next();
    if (next.done === true) break;
    events.push(...next.value);
  }
  return events;
}
