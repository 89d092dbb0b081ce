/** Parts of timestamps and durations, in any time zone. @see cel-spec, doc/langdef.md, "Timestamp and Duration functions" */
import { CelError } from '../cel-error.ts';
import { fn, type Overload } from '../overload.ts';
import type { CelDuration, CelTimestamp } from '../value.ts';
import { floorDivide } from './conversions.ts';

const DAY_MS = 86_400_000;

/** Of a moment as the clock of a zone shows it; `date`'s UTC fields hold those of the zone. */
const PARTS: readonly (readonly [string, (date: Date) => number])[] = [
  ['getFullYear', (date) => date.getUTCFullYear()],
  ['getMonth', (date) => date.getUTCMonth()],
  ['getDate', (date) => date.getUTCDate()],
  ['getDayOfMonth', (date) => date.getUTCDate() - 1],
  ['getDayOfWeek', (date) => date.getUTCDay()],
  ['getDayOfYear', (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS)],
  ['getHours', (date) => date.getUTCHours()],
  ['getMinutes', (date) => date.getUTCMinutes()],
  ['getSeconds', (date) => date.getUTCSeconds()],
  ['getMilliseconds', (date) => date.getUTCMilliseconds()],
];

function millisOf({ nanos }: CelTimestamp): number {
  return Number(floorDivide(nanos, 1_000_000n));
}

function inZone(atMs: number, zone: string): Date {
  const offset = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(atMs + (offset[1] === '-' ? -minutes : minutes) * 60_000);
  }
  const shown = formatterOf(zone).format(new Date(atMs));
  // 01/15/2024, 14:30:45
  const [month, day, year, hour, minute, second] = shown.match(/\d+/g)!.map(Number) as number[];
  const millis = ((atMs % 1000) + 1000) % 1000;
  return new Date(Date.UTC(year!, month! - 1, day, hour, minute, second, millis));
}

const FORMATTERS_MAX = 100;
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone) ?? newFormatter(zone);
  if (formatters.size >= FORMATTERS_MAX) formatters.clear();
  formatters.set(zone, known);
  return known;
}

function newFormatter(timeZone: string): Intl.DateTimeFormat {
  const two = '2-digit' as const;
  const parts = { year: 'numeric' as const, month: two, day: two, hour: two, minute: two, second: two };
  try {
    return new Intl.DateTimeFormat('en-US', { ...parts, hourCycle: 'h23', timeZone });
  } catch {
    // The engine does not know such a zone.
    throw new CelError(`unknown time zone ${timeZone}`);
  }
}

/** Of a duration as a whole, as cel-go; the specification means what is left of the last second. */
const NANOS: readonly (readonly [string, bigint])[] = [
  ['getHours', 3_600_000_000_000n],
  ['getMinutes', 60_000_000_000n],
  ['getSeconds', 1_000_000_000n],
  ['getMilliseconds', 1_000_000n],
];

export const TIME: readonly Overload[] = [
  ...PARTS.flatMap(([name, read]) => [
    fn(`timestamp.${name}(): int`, (at: CelTimestamp) => BigInt(read(new Date(millisOf(at))))),
    fn(`timestamp.${name}(string): int`, (at: CelTimestamp, zone: string) =>
      BigInt(read(inZone(millisOf(at), zone))),
    ),
  ]),
  ...NANOS.map(([name, unit]) => fn(`duration.${name}(): int`, ({ nanos }: CelDuration) => nanos / unit)),
];
