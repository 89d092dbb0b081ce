/**
 * The queue between event handlers, which only add keys, and workers, which take them. Three sets, as in client-go:
 *
 *     add ──► dirty ──► queue ──► get ──► processing ──► done
 *               ▲                             │
 *               └── added while processing ◄──┘   (stays dirty, is queued again by `done`)
 *
 * Invariants: a key is never worked on twice at once; a key added while it is worked on is worked on again afterwards; a
 * key waiting to be worked on is there once, however often it is added.
 *
 * The queue is bounded by the number of distinct keys, those of the objects that exist; past {@link KEYS_MAX} something
 * adds what is not a key, and that is a programmer error.
 *
 * @see k8s.io/client-go/util/workqueue/queue.go, delaying_queue.go
 */
import { onAbort } from '../base/abort.ts';
import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { newRateLimiter, type RateLimiter } from './rate-limiter.ts';

export interface WorkQueue {
  add(key: string): void;
  /** Adds `key` after `delayMs`; of several delays for one key the earliest counts. 0 or less adds it now. */
  addAfter(key: string, delayMs: number): void;
  /**
   * Adds `key` after its back-off, which grows until {@link forget}. A key that failed again because something added it
   * while its back-off runs waits out the rest: a burst of events during a short outage would else take it from
   * milliseconds to minutes. (Upstream lets it grow.)
   */
  addRateLimited(key: string): void;
  forget(key: string): void;
  failuresOf(key: string): number;
  /** The next key, to be worked on until {@link done}. Rejects with `signal.reason`. */
  get(signal: AbortSignal): Promise<string>;
  done(key: string): void;
  /** Keys that wait for a worker, without those that wait for their time. */
  readonly depth: number;
  /** Nothing waits for a worker or is worked on. Keys waiting for their time do not count. */
  readonly idle: boolean;
  /** Cancels all delays. Only the owner calls it, when it stops. */
  close(): void;
}

const KEYS_MAX = 4_000_000;

export interface WorkQueueOptions {
  clock: Clock;
  rateLimiter?: RateLimiter;
}

export function newWorkQueue({ clock, rateLimiter = newRateLimiter(clock) }: WorkQueueOptions): WorkQueue {
  return new KeyQueue(clock, rateLimiter);
}

interface Delay {
  dueMs: number;
  /** Of failures that still count. */
  isBackoff: boolean;
  timer: Timer;
}

class KeyQueue implements WorkQueue {
  readonly #clock: Clock;
  readonly #rateLimiter: RateLimiter;
  /** Needs work: queued, or being worked on and added again since. */
  readonly #dirty = new Set<string>();
  /** Being worked on. */
  readonly #processing = new Set<string>();
  /** The order of work: dirty keys that nobody works on. A Set keeps insertion order and removes in constant time. */
  readonly #queue = new Set<string>();
  readonly #delays = new Map<string, Delay>();
  readonly #waiting = new Set<(key: string) => void>();

  constructor(clock: Clock, rateLimiter: RateLimiter) {
    this.#clock = clock;
    this.#rateLimiter = rateLimiter;
  }

  get depth(): number {
    return this.#queue.size;
  }

  get idle(): boolean {
    return this.#dirty.size === 0 && this.#processing.size === 0;
  }

  add(key: string): void {
    if (this.#dirty.has(key)) return;
    assert(this.#dirty.size < KEYS_MAX, 'a work queue holds more keys than objects can exist');
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#enqueue(key);
  }

  addAfter(key: string, delayMs: number): void {
    this.#delay(key, delayMs, false);
  }

  addRateLimited(key: string): void {
    if (this.#delays.get(key)?.isBackoff === true) return;
    this.#delay(key, this.#rateLimiter.nextDelayMs(key), true);
  }

  #delay(key: string, delayMs: number, isBackoff: boolean): void {
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const earlier = this.#delays.get(key);
    if (earlier !== undefined && earlier.dueMs <= dueMs) return;
    earlier?.timer.cancel();
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#delays.delete(key);
      this.add(key);
    });
    this.#delays.set(key, { dueMs, isBackoff, timer });
  }

  forget(key: string): void {
    this.#rateLimiter.forget(key);
    const delay = this.#delays.get(key);
    if (delay !== undefined) delay.isBackoff = false;
  }

  failuresOf(key: string): number {
    return this.#rateLimiter.failuresOf(key);
  }

  async get(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const [next] = this.#queue;
    if (next !== undefined) {
      this.#queue.delete(next);
      this.#start(next);
      return next;
    }
    return new Promise<string>((resolve, reject) => {
      const take = (key: string) => {
        forget();
        this.#start(key);
        resolve(key);
      };
      const forget = onAbort(signal, () => {
        this.#waiting.delete(take);
        reject(signal.reason);
      });
      this.#waiting.add(take);
    });
  }

  done(key: string): void {
    assert(this.#processing.delete(key), `"${key}" was done without being worked on`);
    if (this.#dirty.has(key)) this.#enqueue(key);
  }

  close(): void {
    for (const { timer } of this.#delays.values()) timer.cancel();
    this.#delays.clear();
  }

  #start(key: string): void {
    this.#dirty.delete(key);
    this.#processing.add(key);
  }

  #enqueue(key: string): void {
    const [take] = this.#waiting;
    if (take === undefined) {
      this.#queue.add(key);
      return;
    }
    this.#waiting.delete(take);
    take(key);
  }
}
