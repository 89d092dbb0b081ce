/**
 * How soon a child that ended is started again: at growing intervals, and when it ends too often that is said, once.
 *
 * Pure. The delay doubles from 0.1 s to 30 s with every end and starts over after the child has run well for a while.
 * A child that ended more than {@link RESTARTS_MAX} times within {@link WINDOW_MS} is restarted at the longest interval
 * until it has run well: restarting for ever is the keeper's job, restarting in a tight loop is not.
 */

/** What is remembered of a child. */
export interface RestartHistory {
  /** Monotonic times of the latest ends, oldest first; bounded by {@link RESTARTS_MAX} + 1. */
  endsMs: readonly number[];
  /** Ends since the child last ran well. */
  consecutive: number;
  isCapped: boolean;
}

export interface RestartDecision {
  history: RestartHistory;
  delayMs: number;
  /** This end is the one that made the child end too often. */
  becameTooFrequent: boolean;
}

export const FIRST_DELAY_MS = 100;
export const DELAY_CAP_MS = 30_000;
export const RESTARTS_MAX = 5;
export const WINDOW_MS = 60_000;
/** A child that ran for so long is healthy again: longer than the longest delay and than the window. */
export const RUNNING_WELL_MS = 60_000;

export const NO_RESTARTS: RestartHistory = { endsMs: [], consecutive: 0, isCapped: false };

/** @param end  monotonic time of the end, and how long the child had run until then */
export function evaluateRestart(
  history: RestartHistory,
  end: { atMs: number; ranMs: number },
): RestartDecision {
  const before = end.ranMs >= RUNNING_WELL_MS ? NO_RESTARTS : history;
  const endsMs = [...before.endsMs.filter((at) => end.atMs - at < WINDOW_MS), end.atMs].slice(
    -(RESTARTS_MAX + 1),
  );
  const isCapped = before.isCapped || endsMs.length > RESTARTS_MAX;
  const delayMs = isCapped ? DELAY_CAP_MS : Math.min(DELAY_CAP_MS, FIRST_DELAY_MS * 2 ** before.consecutive);
  return {
    history: { endsMs, consecutive: before.consecutive + 1, isCapped },
    delayMs,
    becameTooFrequent: isCapped && !before.isCapped,
  };
}
