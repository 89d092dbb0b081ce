/**
 * How long a failed key waits before it is tried again. As client-go's default controller limiter, the answer is the
 * larger of two: an exponential back-off of the key's own, and a token bucket that all keys of one queue share.
 *
 * @see k8s.io/client-go/util/workqueue/default_rate_limiters.go
 */
import type { Clock } from '../base/clock.ts';

export interface RateLimiter {
  /** Counts one more failure of `key` and returns its delay in milliseconds. */
  nextDelayMs(key: string): number;
  /** The key succeeded (or is given up): its next failure is the first. */
  forget(key: string): void;
  /** How often `key` has failed since it was last forgotten. */
  failuresOf(key: string): number;
}

export interface RateLimiterOptions {
  /** Delay after the first failure; doubles from there. */
  baseDelayMs: number;
  maxDelayMs: number;
  /** Tokens of the shared bucket that come back per second, and how many it holds. */
  refillPerSecond: number;
  burst: number;
}

/** client-go's: 5 ms doubling to 1000 s for each key; 10 per second with bursts of 100 over all keys. */
export const DEFAULT_RATE_LIMIT: RateLimiterOptions = {
  baseDelayMs: 5,
  maxDelayMs: 1_000_000,
  refillPerSecond: 10,
  burst: 100,
};

/** Holds one counter per failing key; `forget` frees it. */
export function newRateLimiter(clock: Clock, options: RateLimiterOptions = DEFAULT_RATE_LIMIT): RateLimiter {
  const failures = new Map<string, number>();
  const bucket = new TokenBucket(clock, options);
  return {
    nextDelayMs(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      return Math.max(exponentialDelayMs(count, options), bucket.reserveMs());
    },
    forget(key) {
      failures.delete(key);
    },
    failuresOf(key) {
      return failures.get(key) ?? 0;
    },
  };
}

/** `base × 2^failures`, at most the maximum; 2^30 and beyond would only overflow. */
export function exponentialDelayMs(
  failures: number,
  { baseDelayMs, maxDelayMs }: { baseDelayMs: number; maxDelayMs: number },
): number {
  return Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(failures, 60));
}

interface TokenBucketOptions {
  refillPerSecond: number;
  burst: number;
}

/** Starts full. Never holds more than `burst`. Events have one for each subject: it is small. */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #atMs: number;

  constructor(clock: Clock, options: TokenBucketOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#tokens = options.burst;
    this.#atMs = clock.monotonicMs();
  }

  /** Takes a token, now or from the future, and says how long until it is there. */
  reserveMs(): number {
    this.#refill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMs;
  }

  /** Takes a token only if one is there now. */
  tryTake(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  get #perMs(): number {
    return this.#options.refillPerSecond / 1000;
  }

  #refill(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#tokens = Math.min(this.#options.burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
  }
}
