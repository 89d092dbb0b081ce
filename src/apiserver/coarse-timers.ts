/**
 * Timers that may fire up to a second late, so that thousands that are due in the same second share one of the clock's:
 * bookmarks and ends of watches, timeouts of requests.
 *
 * Invariant: seconds that nobody waits for have no timer, but for the last that was given up: requests that come one after
 * the other within a second set it once.
 */
import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';

const GRAIN_MS = 1000;

interface Bucket {
  timer: Timer;
  /** In the order in which they were set. */
  readonly waiting: Set<CoarseTimer>;
}

export class CoarseTimers {
  readonly #clock: Clock;
  readonly #buckets = new Map<number, Bucket>();
  #givenUp: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `callback` once, at the first whole second that is at least `delayMs` away. */
  set(delayMs: number, callback: () => void): Timer {
    assert(delayMs >= 0, `a timer cannot be due ${delayMs} ms ago`);
    const nowMs = this.#clock.monotonicMs();
    const second = Math.ceil((nowMs + delayMs) / GRAIN_MS);
    const timer = new CoarseTimer(this, second, callback);
    const bucket = this.#buckets.get(second);
    if (bucket !== undefined) {
      bucket.waiting.add(timer);
      return timer;
    }
    this.#buckets.set(second, {
      timer: this.#clock.setTimer(second * GRAIN_MS - nowMs, () => this.#fire(second)),
      waiting: new Set([timer]),
    });
    return timer;
  }

  remove(timer: CoarseTimer): void {
    const bucket = this.#buckets.get(timer.second);
    if (bucket === undefined || !bucket.waiting.delete(timer) || bucket.waiting.size > 0) return;
    if (this.#givenUp !== timer.second) this.#dropGivenUp();
    this.#givenUp = timer.second;
  }

  #dropGivenUp(): void {
    const bucket = this.#givenUp === undefined ? undefined : this.#buckets.get(this.#givenUp);
    if (bucket === undefined || bucket.waiting.size > 0) return;
    bucket.timer.cancel();
    this.#buckets.delete(this.#givenUp!);
  }

  #fire(second: number): void {
    const { waiting } = this.#buckets.get(second)!;
    this.#buckets.delete(second);
    for (const timer of waiting) timer.fire();
  }
}

class CoarseTimer implements Timer {
  readonly second: number;
  readonly #owner: CoarseTimers;
  /** Absent once fired or cancelled, also by another timer of the same second. */
  #callback: (() => void) | undefined;

  constructor(owner: CoarseTimers, second: number, callback: () => void) {
    this.#owner = owner;
    this.second = second;
    this.#callback = callback;
  }

  fire(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }

  cancel(): void {
    if (this.#callback === undefined) return;
    this.#callback = undefined;
    this.#owner.remove(this);
  }
}
