/**
 * When a Pod that was looked at `lookedAtMs` must be looked at again: at the first moment after that which matters; Infinity
 * where there is none. Wall times, ms.
 *
 * A moment may have passed by now, and then the next look is due at once: timers fire a little early by the wall clock,
 * so the look that a moment was meant for can come just before it.
 */
export function nextLookMs(lookedAtMs: number, moments: readonly (number | undefined)[]): number {
  let next = Number.POSITIVE_INFINITY;
  for (const moment of moments) {
    if (moment !== undefined && moment > lookedAtMs && moment < next) next = moment;
  }
  return next;
}
