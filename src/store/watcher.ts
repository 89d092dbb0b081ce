/**
 * The receiving end of one watch: batches go in by `offer`, come out by async iteration.
 *
 *     open --offer--> open           buffered, or handed to the waiting reader
 *     open --too many buffered--> failed(Expired)    the reader gets the error after nothing: it resumes from its last revision
 *     open --signal / return()--> ended              the buffer is dropped
 *
 * Invariant: at most one of "a reader waits" and "something is buffered" holds.
 */
import { assert } from '../base/assert.ts';
import { type Deferred, newDeferred } from '../base/deferred.ts';
import type { StatusError } from '../base/status-error.ts';
import type { Scope, StoreEvent, StoreWatch } from './store.ts';

type Ending = { kind: 'ended' } | { kind: 'failed'; error: StatusError };

/** What the watchers of one hub share. */
export interface WatcherOwner {
  /** Events that may wait for the reader; one more and the watcher fails with `tooSlow()`. */
  maxBufferedEvents: number;
  tooSlow(): StatusError;
  /** The newest durable revision. */
  currentRevision(): number;
  onClosed(watcher: Watcher): void;
}

export class Watcher implements StoreWatch, AsyncIterator<StoreEvent[], undefined> {
  readonly scope: Scope;
  readonly #owner: WatcherOwner;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => this.#close({ kind: 'ended' });
  #buffer: StoreEvent[][] = [];
  #bufferedEvents = 0;
  #reader: Deferred<IteratorResult<StoreEvent[], undefined>> | undefined;
  #ending: Ending | undefined;

  constructor(owner: WatcherOwner, scope: Scope, signal: AbortSignal) {
    this.scope = scope;
    this.#owner = owner;
    this.#signal = signal;
    if (signal.aborted) this.#ending = { kind: 'ended' };
    else signal.addEventListener('abort', this.#onAbort);
  }

  get closed(): boolean {
    return this.#ending !== undefined;
  }

  get deliveredRevision(): number {
    const waiting = this.#buffer[0]?.[0];
    return waiting === undefined ? this.#owner.currentRevision() : waiting.revision - 1;
  }

  /** What happened before the watch was opened; it does not count against the buffer's limit. */
  replay(events: StoreEvent[]): void {
    if (events.length > 0 && !this.closed) this.#buffer.push(events);
  }

  offer(events: StoreEvent[]): void {
    if (this.closed) return;
    if (this.#reader !== undefined) {
      const reader = this.#reader;
      this.#reader = undefined;
      reader.resolve({ done: false, value: events });
      return;
    }
    this.#bufferedEvents += events.length;
    if (this.#bufferedEvents > this.#owner.maxBufferedEvents) this.fail(this.#owner.tooSlow());
    else this.#buffer.push(events);
  }

  fail(error: StatusError): void {
    this.#close({ kind: 'failed', error });
  }

  [Symbol.asyncIterator](): AsyncIterator<StoreEvent[], undefined> {
    return this;
  }

  next(): Promise<IteratorResult<StoreEvent[], undefined>> {
    assert(this.#reader === undefined, 'a watch has one reader');
    if (this.#ending !== undefined) return settle(this.#ending);
    const events = this.#buffer.shift();
    if (events !== undefined) {
      if (this.#buffer.length === 0) this.#bufferedEvents = 0;
      else this.#bufferedEvents -= events.length;
      return Promise.resolve({ done: false, value: events });
    }
    this.#reader = newDeferred();
    return this.#reader.promise;
  }

  return(): Promise<IteratorResult<StoreEvent[], undefined>> {
    this.#close({ kind: 'ended' });
    return Promise.resolve({ done: true, value: undefined });
  }

  #close(ending: Ending): void {
    if (this.closed) return;
    this.#ending = ending;
    this.#buffer = [];
    this.#bufferedEvents = 0;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#owner.onClosed(this);
    this.#reader?.resolve(settle(ending) as never);
    this.#reader = undefined;
  }
}

function settle(ending: Ending): Promise<IteratorResult<StoreEvent[], undefined>> {
  if (ending.kind === 'failed') return Promise.reject(ending.error);
  return Promise.resolve({ done: true, value: undefined });
}
