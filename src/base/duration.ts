/** Ages as people read them in kubectl: `45s`, `3m12s`, `5h`, `12d`. @see k8s.io/apimachinery/pkg/util/duration */
export function formatAge(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return withRest(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  if (years < 8) return withRest(years, 'y', days % 365, 'd');
  return `${years}y`;
}

function withRest(value: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${value}${unit}` : `${value}${unit}${rest}${restUnit}`;
}

/** Go's text for a duration: `10s`, `2m40s`, `1h0m0s`, `1.5ms`; exact to the nanosecond. @see time.Duration.String */
export function formatGoDuration(durationMs: number): string {
  if (durationMs < 0) return `-${formatGoDuration(-durationMs)}`;
  if (durationMs < 1000) return formatBelowSecond(durationMs);
  const nanos = Math.round(durationMs * 1e6);
  const seconds = formatSeconds(nanos % 60e9);
  const minutes = Math.floor(nanos / 60e9) % 60;
  const hours = Math.floor(nanos / 3600e9);
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

/** With as many of nine decimals as it takes; a number's own text would be `1e-9`. */
function formatSeconds(nanos: number): string {
  const whole = Math.floor(nanos / 1e9);
  const fraction = String(nanos % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${whole}` : `${whole}.${fraction}`;
}

function formatBelowSecond(durationMs: number): string {
  const nanos = Math.round(durationMs * 1e6);
  if (nanos === 0) return '0s';
  if (nanos >= 1e6) return `${nanos / 1e6}ms`;
  return nanos >= 1e3 ? `${nanos / 1e3}µs` : `${nanos}ns`;
}

const GO_UNITS_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Parses Go's duration text (`1h30m`, `250ms`) to milliseconds, exact to the nanosecond; `undefined` when it is none. */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let totalNs = 0;
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    totalNs += Math.round(Number(value) * GO_UNITS_NS[unit!]!);
  }
  return totalNs / 1e6;
}
