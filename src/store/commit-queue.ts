/**
 * Group commit: versions that were decided wait here until they are durable.
 *
 *     submit -> queued --(no commit runs)--> in flight --journal--> durable: published, then the writer is answered
 *                                               |--JournalUnavailableError--> everything pending is dropped, the queue goes on
 *                                               |--any other error----------> failed for good: nothing is accepted any more
 *
 * One commit runs at a time; what arrives meanwhile is the next one. When a commit cannot be made, what waits behind it is
 * dropped too, since it may have been decided upon the dropped versions. Invariant: the pending versions of a key are newer
 * than its durable one, and the newest of them is `newest(key)`.
 */
import { type Deferred, newDeferred } from '../base/deferred.ts';
import { StatusError } from '../base/status-error.ts';
import { type Journal, JournalUnavailableError } from './journal.ts';
import type { Version } from './version.ts';

export interface CommitLimits {
  maxBatchRecords: number;
  maxBatchBytes: number;
  /** As many that wait are committed in the middle of a turn. */
  eagerRecords: number;
  /** Versions that may be pending; see {@link CommitQueue.checkOpen}. */
  maxPending: number;
}

/** A version on its way to the journal. `settled` resolves when it is durable and published, rejects when it is dropped. */
export interface PendingVersion {
  readonly version: Version;
  readonly settled: Promise<void>;
}

interface QueuedVersion extends PendingVersion {
  readonly outcome: Deferred<void>;
  /** Is durable only together with the one before it. */
  readonly joined: boolean;
}

export interface CommitQueueOptions {
  journal: Pick<Journal, 'commit'>;
  limits: CommitLimits;
  /** Called with each durable batch, before its writers are answered. */
  publish(versions: readonly Version[]): void;
  onFailure(cause: unknown): void;
}

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #newest = new Map<string, QueuedVersion>();
  #queued: QueuedVersion[] = [];
  #inFlight: QueuedVersion[] = [];
  #scheduled = false;
  #failure: StatusError | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
  }

  /** Throws when no write can be accepted: the queue has failed or is full. */
  checkOpen(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#queued.length + this.#inFlight.length >= this.#options.limits.maxPending) {
      throw new StatusError('TooManyRequests', 'the store has too many writes waiting', {
        details: { retryAfterSeconds: 1 },
      });
    }
  }

  /** The newest version of `key` that is not durable yet. */
  newest(key: string): PendingVersion | undefined {
    return this.#newest.get(key);
  }

  /**
   * Queues `versions`, whose revisions grow and are greater than that of every version queued before. They share one commit.
   * @returns the last
   */
  submit(versions: readonly Version[]): PendingVersion {
    const before = this.#queued.length;
    for (const version of versions) this.#enqueue(version, version !== versions[0]);
    // Not at once: writers that run in the same turn share the commit.
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => this.#commitUnlessRunning());
    }
    const last = this.#queued.at(-1)!;
    // Nor only at the end of a busy turn: the journal works on these while the rest is encoded.
    const { eagerRecords } = this.#options.limits;
    if (before < eagerRecords && this.#queued.length >= eagerRecords) this.#commitUnlessRunning();
    return last;
  }

  #enqueue(version: Version, joined: boolean): void {
    const outcome = newDeferred();
    const queued: QueuedVersion = { version, settled: outcome.promise, outcome, joined };
    // Whoever submitted several waits for the last only.
    if (joined) this.#queued.at(-1)!.settled.catch(() => {});
    this.#queued.push(queued);
    this.#newest.set(version.key, queued);
  }

  /** Fails the queue: what is pending and what comes later is refused. */
  fail(failure: StatusError): void {
    this.#failure ??= failure;
    this.#dropPending(this.#failure);
  }

  #commitUnlessRunning(): void {
    if (this.#inFlight.length === 0) this.#commitNext();
  }

  #commitNext(): void {
    this.#inFlight = this.#takeBatch();
    if (this.#inFlight.length === 0) {
      this.#scheduled = false;
      return;
    }
    const records = this.#inFlight.map(({ version }) => version.record);
    this.#options.journal.commit({ records }).then(
      () => this.#onDurable(),
      (error: unknown) => this.#onRefused(error),
    );
  }

  #takeBatch(): QueuedVersion[] {
    const { maxBatchRecords, maxBatchBytes } = this.#options.limits;
    let count = 0;
    for (let bytes = 0; count < this.#queued.length && count < maxBatchRecords; count++) {
      bytes += this.#queued[count]!.version.sizeBytes;
      if (bytes > maxBatchBytes && count > 0) break;
    }
    return this.#queued.splice(0, this.#wholeGroups(count));
  }

  /** About `count`, ending where a group ends: rather fewer than more, but never none. */
  #wholeGroups(count: number): number {
    const isJoined = (index: number) => this.#queued[index]?.joined === true;
    let end = count;
    while (end > 0 && isJoined(end)) end--;
    if (end > 0) return end;
    for (end = count; isJoined(end); ) end++;
    return end;
  }

  #onDurable(): void {
    // Closed meanwhile: its writers have been told that they may not count on it.
    if (this.#failure !== undefined) return;
    const batch = this.#inFlight;
    this.#inFlight = [];
    for (const queued of batch) {
      if (this.#newest.get(queued.version.key) === queued) this.#newest.delete(queued.version.key);
    }
    this.#options.publish(batch.map(({ version }) => version));
    for (const { outcome } of batch) outcome.resolve();
    this.#commitNext();
  }

  #onRefused(cause: unknown): void {
    if (this.#failure !== undefined) return;
    if (cause instanceof JournalUnavailableError) {
      this.#dropPending(
        new StatusError('ServiceUnavailable', `the store cannot write: ${cause.message}`, { cause }),
      );
      this.#commitNext();
      return;
    }
    this.fail(new StatusError('InternalError', 'the store has failed and its process must end', { cause }));
    this.#options.onFailure(cause);
  }

  #dropPending(reason: StatusError): void {
    const dropped = [...this.#inFlight, ...this.#queued];
    this.#inFlight = [];
    this.#queued = [];
    this.#newest.clear();
    for (const { outcome } of dropped) outcome.reject(reason);
  }
}
