import { onAbort } from './abort.ts';

/**
 * Time as an interface: everything below `platform` reads time and waits only through this.
 *
 * The real implementation is `platform/system-clock.ts`; the simulated one advances by hand.
 */
export interface Clock {
  /** Wall time, milliseconds since the Unix epoch. May jump. For timestamps that people or the API see. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. For durations, timeouts and back-off. */
  monotonicMs(): number;
  /**
   * Calls `callback` once after `delayMs` (0 means the next turn, never synchronously).
   * Cancelling twice or after it fired does nothing.
   */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs`; rejects with `signal.reason` when `signal` aborts first. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void>;
}

export interface Timer {
  cancel(): void;
}

/** {@link Clock.sleep}, by a clock's timers. */
export function sleepByTimer(
  clock: Pick<Clock, 'setTimer'>,
  delayMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => {
      timer.cancel();
      reject(signal.reason);
    });
    const timer = clock.setTimer(delayMs, () => {
      forget();
      resolve();
    });
  });
}

/** The last answer of {@link toTimestamp}: most of a second's objects ask for the same one, and may as well share it. */
let latest = { second: Number.NaN, timestamp: '' };

/** Formats wall time as Kubernetes' `metav1.Time`: RFC 3339, UTC, whole seconds (`2026-01-02T03:04:05Z`). */
export function toTimestamp(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== latest.second) {
    latest = { second, timestamp: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  }
  return latest.timestamp;
}

/** Formats wall time as Kubernetes' `metav1.MicroTime`: RFC 3339, UTC, microseconds. */
export function toMicroTimestamp(wallMs: number): string {
  const ms = Math.floor(wallMs) % 1000;
  return `${toTimestamp(wallMs).slice(0, -1)}.${String(ms).padStart(3, '0')}000Z`;
}

/** Parses an RFC 3339 timestamp to wall milliseconds; `undefined` for an absent one. */
export function parseTimestamp(timestamp: string): number;
export function parseTimestamp(timestamp: string | undefined): number | undefined;
export function parseTimestamp(timestamp: string | undefined): number | undefined {
  return timestamp === undefined ? undefined : Date.parse(timestamp);
}
