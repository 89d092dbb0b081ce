/** What came of a scenario. */
import { formatGoDuration } from '../../base/duration.ts';
import type { TimelineEntry } from '../timeline/timeline-entry.ts';
import type { Failure } from './watch-condition.ts';

export interface Outcome {
  name: string;
  /** Nothing failed, nothing was violated, everything healed. */
  ok: boolean;
  failures: readonly Failure[];
  /** What must never be, and was: of the checkers. Times are ms since the beginning. */
  violations: readonly { checker: string; atMs: number; message: string }[];
  /** What was not healed in time. */
  unconverged: readonly string[];
  timeline: readonly TimelineEntry[];
  /** How long the run was, healing included. */
  virtualMs: number;
}

/** The outcome for people: what failed, with what was expected, what was, and when. */
export function formatOutcome({ name, ok, failures, violations, unconverged, virtualMs }: Outcome): string {
  const length = formatGoDuration(virtualMs);
  if (ok) return `ok: ${name} (${length} of virtual time)\n`;
  const lines = [
    ...failures.map(
      ({ place, expected, actual }) => `${place}\n  expected ${expected}\n  actual   ${actual}`,
    ),
    ...violations.map(
      ({ checker, atMs, message }) =>
        `violated at ${formatGoDuration(Math.round(atMs))}: ${checker}: ${message}`,
    ),
    ...unconverged.map((why) => `not healed: ${why}`),
  ];
  return `FAILED: ${name} (${length} of virtual time)\n${lines.join('\n')}\n`;
}
