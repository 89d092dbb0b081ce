import { POD_RESYNC_MS } from './defaults.ts';

/**
 * When to look at a Pod again that was looked at `lookedAtMs`: at the first moment after that which matters, and at the
 * latest after the resync. Wall times, ms.
 *
 * A moment may have passed by now, and then the next look is due at once: timers fire a little early by the wall clock,
 * so the look that a moment was meant for can come just before it.
 */
export function nextLookMs(lookedAtMs: number, moments: readonly (number | undefined)[]): number {
  const coming = moments.filter((moment) => moment !== undefined && moment > lookedAtMs) as number[];
  return Math.min(lookedAtMs + POD_RESYNC_MS, ...coming);
}
