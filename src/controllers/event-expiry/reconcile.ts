/** Which Events are too old, and when the next one will be. Pure. */
import type { Event as CoreEvent } from '../../api/generated/core-v1.ts';
import { parseTimestamp } from '../../base/clock.ts';

/** Upstream's --event-ttl. A repeated occurrence begins it anew. */
export const EVENT_TTL_MS = 3_600_000;

/**
 * @returns when `event` expires, wall ms: an hour after it was last written, as far as it tells itself. A time ahead of
 *   `nowMs` (a skewed clock) counts as now, so that no Event lives on because of it.
 */
export function eventExpiryMs(event: CoreEvent, nowMs: number): number {
  const times = [
    event.metadata.creationTimestamp,
    event.lastTimestamp,
    event.eventTime,
    event.series?.lastObservedTime,
  ];
  // `eventTime` may be null; what is not a time counts as none.
  const lastMs = Math.max(0, ...times.map((time) => parseTimestamp(time ?? undefined) || 0));
  return Math.min(lastMs, nowMs) + EVENT_TTL_MS;
}

export interface ExpiryPlan {
  expired: CoreEvent[];
  /** When the first of the others expires, wall ms; `undefined` when there is none. */
  nextExpiryMs: number | undefined;
}

/** Order of `events` is kept. */
export function planExpiry(events: readonly CoreEvent[], nowMs: number): ExpiryPlan {
  const plan: ExpiryPlan = { expired: [], nextExpiryMs: undefined };
  for (const event of events) {
    const expiryMs = eventExpiryMs(event, nowMs);
    if (expiryMs <= nowMs) plan.expired.push(event);
    else plan.nextExpiryMs = Math.min(plan.nextExpiryMs ?? expiryMs, expiryMs);
  }
  return plan;
}
