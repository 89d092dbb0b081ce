/** Lengths of time as a test says them: `'10m'`, `'1h30m'`, `'250ms'`, or a number of milliseconds. */
import { formatGoDuration, parseGoDuration } from '../base/duration.ts';

/** `'5m'`, `'1h30m'`, `'250ms'`; a number is milliseconds. */
export type Span = string | number;

/** Milliseconds. @param what  what it is the length of, for the error */
export function parseSpan(span: Span, what: string): number {
  const ms = typeof span === 'string' ? parseGoDuration(span) : span;
  if (ms !== undefined && Number.isFinite(ms) && ms >= 0) return ms;
  throw new TypeError(
    `${what}: ${JSON.stringify(span)} is no length of time; write '10s', '5m', '1h30m', or milliseconds`,
  );
}

/** `5m0s` is `5m`. */
export function formatSpan(ms: number): string {
  const whole = formatGoDuration(Math.round(ms));
  return whole.replace(/(?<=[hm])0s$/, '').replace(/(?<=h)0m$/, '');
}
