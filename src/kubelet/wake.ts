/** One waiting loop, many who wake it: any number of wakes while it works are one, and a timer is one of them. */
import { abortable } from '../base/abort.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { type Deferred, newDeferred } from '../base/deferred.ts';

export class Wake {
  readonly #clock: Clock;
  #isPending = true;
  #waiting: Deferred<void> | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): void {
    this.#isPending = true;
    this.#waiting?.resolve();
  }

  /** Wakes at a wall time too; replaces the moment that was set before. */
  at(wallMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(Math.max(0, wallMs - this.#clock.now()), () => this.now());
  }

  /** Resolves at the next wake, at once if there was one since the last wait. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#isPending) {
      this.#waiting = newDeferred();
      await abortable(this.#waiting.promise, signal);
      this.#waiting = undefined;
    }
    signal.throwIfAborted();
    this.#isPending = false;
  }

  close(): void {
    this.#timer?.cancel();
  }
}
