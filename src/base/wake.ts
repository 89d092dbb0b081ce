/** One waiting loop, many who wake it: any number of wakes while it works are one, and a timer is one of them. */
import { onAbort } from './abort.ts';
import type { Clock, Timer } from './clock.ts';

export class Wake {
  readonly #clock: Clock;
  #isPending = true;
  #resume: (() => void) | undefined;
  #timer: Timer | undefined;
  /** By the monotonic clock; of the timer that is set. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): void {
    this.#isPending = true;
    this.#resume?.();
  }

  /** Wakes at a wall time too (Infinity: at none); replaces the moment that was set before. */
  at(wallMs: number): void {
    const delayMs = Math.max(0, wallMs - this.#clock.now());
    const dueMs = this.#clock.monotonicMs() + delayMs;
    // Most looks at a Pod change nothing about when the next one is due.
    if (dueMs === this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.now();
    });
  }

  /** Resolves at the next wake, at once if there was one since the last wait. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#isPending && !signal.aborted) await this.#nextWake(signal);
    signal.throwIfAborted();
    this.#isPending = false;
  }

  /** Instead of waiting: calls `look` at every wake, and at once if there was one. It {@link take}s the wake when it begins. */
  listen(look: () => void): void {
    this.#resume = look;
    if (this.#isPending) look();
  }

  /** Whether there was a wake since the last time that this was asked. */
  take(): boolean {
    const wasPending = this.#isPending;
    this.#isPending = false;
    return wasPending;
  }

  #nextWake(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        forget();
        this.#resume = undefined;
        resolve();
      };
      const forget = onAbort(signal, resume);
      this.#resume = resume;
    });
  }

  close(): void {
    this.#timer?.cancel();
    this.#resume = undefined;
  }
}
