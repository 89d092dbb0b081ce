/**
 * A bound that somebody with a stale copy may still go by. A controller whose watch lags, or that was cut off, acts on what
 * was wanted a while ago and is right to: so a bound that was tightened counts only once the control plane has been calm
 * for {@link STALE_MAX_MS} since.
 */
import type { CalmTime } from './calm-time.ts';

/** In calm times every copy has caught up within this: reconnecting after a fault takes up to 30 s. */
export const STALE_MAX_MS = 60_000;

export class HeldBound {
  readonly #calm: CalmTime;
  readonly #looser: (a: number, b: number) => number;
  /** As wanted now. */
  #current: number;
  /** As it may still be believed. */
  #held: number;
  #changedMs: number;

  /** @param looser  `Math.max` for an upper bound, `Math.min` for a lower one */
  constructor(calm: CalmTime, looser: (a: number, b: number) => number, initial: number) {
    this.#calm = calm;
    this.#looser = looser;
    this.#current = initial;
    this.#held = initial;
    this.#changedMs = Number.NEGATIVE_INFINITY;
  }

  set(bound: number, nowMs: number): void {
    if (bound === this.#current) return;
    this.#held = this.#looser(this.at(nowMs), bound);
    this.#current = bound;
    this.#changedMs = nowMs;
  }

  at(nowMs: number): number {
    const isKnown = nowMs - this.#changedMs >= STALE_MAX_MS && this.#calm.forMs() >= STALE_MAX_MS;
    if (isKnown) this.#held = this.#current;
    return this.#held;
  }
}
