/**
 * The store: durable versions in memory, by key and by revision, over a journal.
 *
 *     transact -> decide on the newest (pending or durable) -> encode -> CommitQueue -> journal
 *                                                                            |
 *     get, list <- KeyIndex  <-----------.                                   v  durable, in revision order
 *     resume    <- History   <------------+------------------------------ publish -> WatchHub -> watchers, then the writer
 *
 * Invariants: what readers and watchers see is durable; revisions are assigned upwards and never given twice, also when a
 * write is dropped; the index, the history and the hub change together within one turn of the event loop.
 */
import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { type Deferred, newDeferred } from '../base/deferred.ts';
import type { Logger } from '../base/logger.ts';
import { StatusError } from '../base/status-error.ts';
import { CommitQueue, type PendingVersion } from './commit-queue.ts';
import { encodedRecord, UnencodedRecord } from './commit-record.ts';
import { runCompaction } from './compaction.ts';
import * as defaults from './defaults.ts';
import { History } from './history.ts';
import type { Journal, JournalSnapshot } from './journal.ts';
import { type Entry, KeyIndex } from './key-index.ts';
import { loadState, type StoreState } from './load-state.ts';
import { concerns, hasIndexedValue } from './scope.ts';
import type {
  Change,
  Companion,
  ListRange,
  ListResult,
  NewestObjects,
  Scope,
  Store,
  StoredObject,
  StoredValue,
  StoreEvent,
  StoreWatch,
  TransactResult,
} from './store.ts';
import { placeAt, Version, versionAt, versionsAfter } from './version.ts';
import { toEvent, WatchHub } from './watch-hub.ts';

export interface StoreOptions {
  journal: Journal;
  clock: Clock;
  log: Logger;
  /** Overrides of `defaults.ts`. */
  limits?: Partial<StoreLimits>;
}

export interface StoreLimits {
  compactionIntervalMs: number;
  historyMaxRecords: number;
  historyMaxBytes: number;
  watcherMaxBufferedEvents: number;
  valueMaxBytes: number;
  commitMaxRecords: number;
  commitMaxBytes: number;
  commitEagerRecords: number;
  queueMaxRecords: number;
}

const DEFAULT_LIMITS: StoreLimits = {
  compactionIntervalMs: defaults.COMPACTION_INTERVAL_MS,
  historyMaxRecords: defaults.HISTORY_MAX_RECORDS,
  historyMaxBytes: defaults.HISTORY_MAX_BYTES,
  watcherMaxBufferedEvents: defaults.WATCHER_MAX_BUFFERED_EVENTS,
  valueMaxBytes: defaults.VALUE_MAX_BYTES,
  commitMaxRecords: defaults.COMMIT_MAX_RECORDS,
  commitMaxBytes: defaults.COMMIT_MAX_BYTES,
  commitEagerRecords: defaults.COMMIT_EAGER_RECORDS,
  queueMaxRecords: defaults.QUEUE_MAX_RECORDS,
};

/** A store and its life: whoever opens it runs it, ends the process when `run` rejects, and closes it. */
export interface OpenStore extends Store {
  /** Compacts until `signal` aborts; rejects when a commit failed for good: the process must end. */
  run(signal: AbortSignal): Promise<void>;
  /** Refuses further writes and closes the journal. Writes that are not durable yet are rejected. */
  close(): Promise<void>;
}

/** Opens the store that `journal` holds. `run` it, or nothing is ever compacted and no failed commit is heard of. */
export async function openStore(options: StoreOptions, signal: AbortSignal): Promise<OpenStore> {
  const snapshot: JournalSnapshot = await options.journal.load(signal);
  return new MvccStore(options, { ...DEFAULT_LIMITS, ...options.limits }, loadState(snapshot));
}

class MvccStore implements OpenStore {
  readonly #options: StoreOptions;
  readonly #limits: StoreLimits;
  readonly #index: KeyIndex;
  readonly #history: History;
  readonly #hub: WatchHub;
  readonly #commits: CommitQueue;
  readonly #failed: Deferred<never> = newDeferred();
  /** The journal needs no bytes. */
  readonly #keepsRecords: boolean;
  #historyFull: Deferred<void> = newDeferred();
  #revision: number;
  #assignedRevision: number;
  #compactedRevision: number;

  constructor(options: StoreOptions, limits: StoreLimits, state: StoreState) {
    this.#options = options;
    this.#limits = limits;
    this.#revision = state.revision;
    this.#assignedRevision = state.revision;
    this.#compactedRevision = state.compactedRevision;
    this.#keepsRecords = state.keepsRecords;
    this.#index = KeyIndex.from(state.heads);
    this.#history = new History({ maxRecords: limits.historyMaxRecords, maxBytes: limits.historyMaxBytes });
    for (const version of state.history) this.#history.append(version);
    this.#hub = new WatchHub({
      maxBufferedEvents: limits.watcherMaxBufferedEvents,
      currentRevision: () => this.#revision,
    });
    this.#commits = new CommitQueue({
      journal: options.journal,
      limits: {
        maxBatchRecords: limits.commitMaxRecords,
        maxBatchBytes: limits.commitMaxBytes,
        eagerRecords: limits.commitEagerRecords,
        maxPending: limits.queueMaxRecords,
      },
      publish: (versions) => this.#publish(versions),
      onFailure: (cause) => this.#failed.reject(cause),
    });
    // Heard through run(); without it a failure still refuses every write.
    this.#failed.promise.catch(() => {});
  }

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  get(key: string): StoredObject | undefined {
    const head = this.#index.get(key);
    return head?.deleted === true ? undefined : head;
  }

  list(range: ListRange): ListResult {
    const revision = range.revision ?? this.#revision;
    this.#checkReadable(revision);
    const limit = range.limit ?? Number.POSITIVE_INFINITY;
    const objects: StoredObject[] = [];
    let remaining = 0;
    for (const { head } of this.#entries(range, revision)) {
      const version = versionAt(head, revision);
      if (version === undefined || version.deleted || !hasIndexedValue(range, version)) continue;
      if (objects.length < limit) objects.push(version);
      else remaining++;
    }
    if (remaining === 0) return { objects, revision };
    return { objects, revision, continueAfterKey: objects.at(-1)?.key ?? range.afterKey ?? '', remaining };
  }

  async transact(
    key: string,
    change: (current: StoredObject | undefined, others: NewestObjects) => Change,
  ): Promise<TransactResult> {
    this.#commits.checkOpen();
    const pending: PendingVersion[] = [];
    const newestOf = (wanted: string) => this.#newestOf(wanted, pending);
    const newest = newestOf(key);
    const current = present(newest);
    let decision: Change;
    try {
      decision = change(current, { get: (other) => present(newestOf(other)) });
    } catch (refusal) {
      // What was refused because of pending versions is only true once those are durable.
      await allSettled(pending);
      throw refusal;
    }
    const assigned = this.#assignedRevision;
    const companions = companionsOf(decision).flatMap(
      (companion) => this.#nextVersion(companion.key, companion, newestOf(companion.key)) ?? [],
    );
    const version = this.#nextVersion(key, decision, newest);
    if (version === undefined) {
      this.#assignedRevision = assigned;
      await allSettled(pending);
      return { object: current, changed: false };
    }
    const versions = [...companions, version];
    const { valueMaxBytes } = this.#limits;
    if (versions.some(({ deleted, sizeBytes }) => !deleted && sizeBytes > valueMaxBytes)) {
      // Nobody has heard of their revisions.
      this.#assignedRevision = assigned;
      throw newTooLarge(valueMaxBytes);
    }
    await this.#commits.submit(versions).settled;
    return { object: version, changed: true };
  }

  /** What is found still pending is noted in `pending`. */
  #newestOf(key: string, pending: PendingVersion[]): Version | undefined {
    const found = this.#commits.newest(key);
    if (found === undefined) return this.#index.get(key);
    pending.push(found);
    return found.version;
  }

  watch(scope: string | Scope, afterRevision: number, signal: AbortSignal): StoreWatch {
    const watched = typeof scope === 'string' ? { prefix: scope } : scope;
    if (afterRevision < this.#compactedRevision || afterRevision > this.#revision) {
      const watcher = this.#hub.open(watched, [], signal);
      watcher.fail(this.#expired(afterRevision));
      return watcher;
    }
    return this.#hub.open(watched, this.#eventsAfter(afterRevision, watched), signal);
  }

  async compact(revision: number): Promise<void> {
    assert(revision <= this.#revision, `cannot compact at ${revision}: the store is at ${this.#revision}`);
    if (revision <= this.#compactedRevision) return;
    await this.#options.journal.compact(revision);
    if (revision <= this.#compactedRevision) return;
    this.#compactedRevision = revision;
    for (const version of this.#history.dropThrough(revision)) {
      version.previous = undefined;
      if (version.deleted && this.#index.get(version.key) === version) this.#index.delete(version.key);
    }
    if (!this.#history.full) this.#historyFull = newDeferred();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const compaction = runCompaction(
      {
        store: this,
        clock,
        log,
        intervalMs: this.#limits.compactionIntervalMs,
        historyFull: () => this.#historyFull.promise,
        middleRevision: () => this.#history.middleRevision(),
      },
      signal,
    );
    await Promise.race([compaction, this.#failed.promise]);
  }

  async close(): Promise<void> {
    this.#commits.fail(new StatusError('ServiceUnavailable', 'the store is closed'));
    await this.#options.journal.close();
  }

  /** The version that `decision` makes of `newest`, with a revision of its own; `undefined` when it changes nothing. */
  #nextVersion(key: string, decision: Change, newest: Version | undefined): Version | undefined {
    if ('keep' in decision) return undefined;
    const current = newest?.deleted === true ? undefined : newest;
    const deleted = 'delete' in decision;
    const written: StoredValue | undefined = deleted ? (decision.final ?? current?.value) : decision.put;
    if (deleted && current === undefined) return undefined;
    assert(written !== undefined, 'a change writes a value');
    const revision = ++this.#assignedRevision;
    const value = placeAt(written, revision);
    const write = {
      // The same string for all versions of a key.
      key: newest?.key ?? key,
      revision,
      createRevision: current?.createRevision ?? revision,
      previousRevision: newest?.revision ?? 0,
      deleted,
    };
    if (this.#keepsRecords) return new Version(new UnencodedRecord(write, value), newest);
    return new Version(encodedRecord(write, value), newest, value);
  }

  #publish(versions: readonly Version[]): void {
    for (const version of versions) {
      this.#index.put(version);
      this.#history.append(version);
    }
    this.#revision = versions.at(-1)!.revision;
    if (this.#history.full) this.#historyFull.resolve();
    this.#hub.publish(versions);
  }

  #eventsAfter(revision: number, scope: Scope): StoreEvent[] {
    if (revision === this.#revision) return [];
    const versions =
      scope.exact === true
        ? versionsAfter(this.#index.get(scope.prefix), revision)
        : this.#history.after(revision, scope);
    const events: StoreEvent[] = [];
    for (const version of versions) if (concerns(scope, version)) events.push(toEvent(version));
    return events;
  }

  /** The entries that a list must look at. Indexes know the newest state only. */
  #entries(range: ListRange, revision: number): Iterable<Entry> {
    const { prefix, afterKey, exact, indexed } = range;
    if (exact === true) return this.#index.entry(prefix, afterKey);
    if (indexed === undefined || revision !== this.#revision) return this.#index.range(prefix, afterKey);
    return this.#index.indexed(indexed, prefix, afterKey);
  }

  #checkReadable(revision: number): void {
    if (revision < this.#compactedRevision) throw this.#expired(revision);
    if (revision > this.#revision) {
      throw new StatusError(
        'Timeout',
        `Too large resource version: ${revision}, current: ${this.#revision}`,
        {
          details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 },
        },
      );
    }
  }

  /** A revision from the future is of a store that is gone (its data directory was replaced): only a new list helps. */
  #expired(revision: number): StatusError {
    const problem = revision > this.#revision ? 'unknown' : 'old';
    const bound = revision > this.#revision ? this.#revision : this.#compactedRevision;
    return new StatusError('Expired', `too ${problem} resource version: ${revision} (${bound})`);
  }
}

function present(version: Version | undefined): Version | undefined {
  return version?.deleted === true ? undefined : version;
}

function companionsOf(decision: Change): readonly Companion[] {
  return 'keep' in decision ? [] : (decision.companions ?? []);
}

async function allSettled(pending: readonly PendingVersion[]): Promise<void> {
  for (const { settled } of pending) await settled;
}

function newTooLarge(limit: number): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);
}
