/** One waiting loop, many who wake it: any number of wakes while it works are one, and a timer is one of them. */
import { onAbort } from '../base/abort.ts';
import type { Clock, Timer } from '../base/clock.ts';

export class Wake {
  readonly #clock: Clock;
  #isPending = true;
  #resume: (() => void) | undefined;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): void {
    this.#isPending = true;
    this.#resume?.();
  }

  /** Wakes at a wall time too (Infinity: at none); replaces the moment that was set before. */
  at(wallMs: number): void {
    this.#timer?.cancel();
    if (wallMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimer(Math.max(0, wallMs - this.#clock.now()), () => this.now());
  }

  /** Resolves at the next wake, at once if there was one since the last wait. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#isPending && !signal.aborted) await this.#nextWake(signal);
    signal.throwIfAborted();
    this.#isPending = false;
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
  }
}
