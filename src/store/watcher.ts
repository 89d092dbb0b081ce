/**
 * The receiving end of one watch: batches go in by `offer`, come out by `take`, or by async iteration for readers to whom
 * a promise for each batch is nothing.
 *
 *     open --offer--> open           buffered, and the listener is told
 *     open --too many buffered--> failed(Expired)    the reader gets the error after nothing: it resumes from its last revision
 *     open --signal / close()--> ended               the buffer is dropped
 */
import { onAbort } from '../base/abort.ts';
import { newDeferred } from '../base/deferred.ts';
import type { StatusError } from '../base/status-error.ts';
import type { Scope, StoreEvent, StoreWatch } from './store.ts';

/** What the watchers of one hub share. */
export interface WatcherOwner {
  /** Events that may wait for the reader; one more and the watcher fails with `tooSlow()`. */
  maxBufferedEvents: number;
  tooSlow(): StatusError;
  /** The newest durable revision. */
  currentRevision(): number;
  onClosed(watcher: Watcher): void;
}

export class Watcher implements StoreWatch {
  readonly scope: Scope;
  readonly #owner: WatcherOwner;
  /** Hears of the signal no more. */
  readonly #forgetSignal: (() => void) | undefined;
  #buffer: StoreEvent[][] = [];
  #bufferedEvents = 0;
  #listener: (() => void) | undefined;
  #ended = false;
  #failure: StatusError | undefined;

  constructor(owner: WatcherOwner, scope: Scope, signal: AbortSignal) {
    this.scope = scope;
    this.#owner = owner;
    if (signal.aborted) this.#ended = true;
    else this.#forgetSignal = onAbort(signal, () => this.close());
  }

  get ended(): boolean {
    return this.#ended;
  }

  get failure(): StatusError | undefined {
    return this.#failure;
  }

  get deliveredRevision(): number {
    const waiting = this.#buffer[0]?.[0];
    return waiting === undefined ? this.#owner.currentRevision() : waiting.revision - 1;
  }

  /** What happened before the watch was opened; it does not count against the buffer's limit. */
  replay(events: StoreEvent[]): void {
    if (events.length > 0 && !this.#ended) this.#buffer.push(events);
  }

  offer(events: StoreEvent[]): void {
    if (this.#ended) return;
    this.#bufferedEvents += events.length;
    if (this.#bufferedEvents > this.#owner.maxBufferedEvents) {
      this.fail(this.#owner.tooSlow());
      return;
    }
    this.#buffer.push(events);
    this.#listener?.();
  }

  fail(error: StatusError): void {
    if (this.#ended) return;
    this.#failure = error;
    this.close();
  }

  take(): StoreEvent[] | undefined {
    const events = this.#buffer.shift();
    if (this.#buffer.length === 0) this.#bufferedEvents = 0;
    else if (events !== undefined) this.#bufferedEvents -= events.length;
    return events;
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#buffer = [];
    this.#bufferedEvents = 0;
    this.#forgetSignal?.();
    this.#owner.onClosed(this);
    this.#listener?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StoreEvent[], undefined> {
    let changed = newDeferred();
    this.onChange(() => changed.resolve());
    try {
      for (;;) {
        const events = this.take();
        if (events !== undefined) yield events;
        else if (this.#failure !== undefined) throw this.#failure;
        else if (this.#ended) return;
        else {
          await changed.promise;
          changed = newDeferred();
        }
      }
    } finally {
      this.close();
    }
  }
}
