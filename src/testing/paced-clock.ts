/**
 * A cluster's clock that follows the machine's, at a speed: timers fire by themselves, and nobody needs to advance it.
 * What advances a simulated clock by hand waits here.
 */
import { assert } from '../base/assert.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { SimulatedClock } from '../simulation/sim-clock.ts';

/** `speed`: how many milliseconds pass for each of `base`. */
export function newPacedClock(base: Clock, speed: number): SimulatedClock {
  return new PacedClock(base, speed);
}

class PacedClock implements SimulatedClock {
  readonly #base: Clock;
  readonly #speed: number;
  readonly #startMs: number;
  #wallMs: number;
  /** Due times, monotonic. */
  readonly #pending = new Map<Timer, number>();

  constructor(base: Clock, speed: number) {
    this.#base = base;
    this.#speed = speed;
    this.#startMs = base.monotonicMs();
    this.#wallMs = base.now();
  }

  get pendingTimers(): number {
    return this.#pending.size;
  }

  get nextTimerMs(): number | undefined {
    if (this.#pending.size === 0) return undefined;
    return Math.max(0, Math.min(...this.#pending.values()) - this.monotonicMs());
  }

  now(): number {
    return this.#wallMs + this.monotonicMs();
  }

  monotonicMs(): number {
    return (this.#base.monotonicMs() - this.#startMs) * this.#speed;
  }

  jumpWall(deltaMs: number): void {
    this.#wallMs += deltaMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    assert(!Number.isNaN(delayMs), 'a timer needs a delay that is a number');
    const base = this.#base.setTimer(delayMs / this.#speed, () => {
      this.#pending.delete(timer);
      callback();
    });
    const timer = {
      cancel: () => {
        base.cancel();
        this.#pending.delete(timer);
      },
    };
    this.#pending.set(timer, this.monotonicMs() + delayMs);
    return timer;
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        timer.cancel();
        reject(signal.reason);
      };
      const timer = this.setTimer(delayMs, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  advance(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#base.setTimer(delayMs / this.#speed, resolve);
    });
  }

  advanceTo(wallMs: number): Promise<void> {
    return this.advance(wallMs - this.now());
  }

  async runUntilIdle(limitMs = 3_600_000): Promise<void> {
    const deadlineMs = this.monotonicMs() + limitMs;
    while (this.#pending.size > 0) {
      assert(this.monotonicMs() <= deadlineMs, `not idle after ${limitMs} ms`);
      await this.advance(this.nextTimerMs ?? 0);
    }
  }

  /** A turn of the event loop: what waits for no timer has run. */
  settle(): Promise<void> {
    return this.advance(0);
  }
}
