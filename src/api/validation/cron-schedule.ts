/**
 * What is wrong with a cron schedule, in the words of robfig/cron v3, by which Kubernetes reads it.
 * @see https://github.com/robfig/cron/blob/v3.0.1/parser.go
 */
import { goDurationProblem } from './go-duration.ts';
import { isTimeZone } from './time-zone.ts';

interface Bounds {
  min: number;
  max: number;
  /** In the order of their numbers, from `min` on. */
  names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
];
const DESCRIPTORS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const EVERY = '@every ';
/** Of Go's integers. */
const INT_MAX = (1n << 63n) - 1n;

/** The first problem, or `undefined`. */
export function scheduleProblem(schedule: string): string | undefined {
  if (!/^(CRON_)?TZ=/.test(schedule)) return timesProblem(schedule);
  const space = schedule.indexOf(' ');
  if (space < 0) return 'invalid schedule format: runtime error: slice bounds out of range [:-1]';
  const zone = schedule.slice(schedule.indexOf('=') + 1, space);
  if (zone !== '' && zone !== 'Local' && !isTimeZone(zone))
    return `provided bad location ${zone}: unknown time zone ${zone}`;
  return timesProblem(schedule.slice(space).trim());
}

function timesProblem(times: string): string | undefined {
  if (times.startsWith('@')) return descriptorProblem(times);
  const fields = times.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length)
    return `expected exactly ${FIELDS.length} fields, found ${fields.length}: [${fields.join(' ')}]`;
  return firstProblem(fields, (field, index) => fieldProblem(field, FIELDS[index]!));
}

function firstProblem<T>(
  items: readonly T[],
  problemOf: (item: T, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const problem = problemOf(item, index);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function descriptorProblem(text: string): string | undefined {
  if (DESCRIPTORS.includes(text)) return undefined;
  if (!text.startsWith(EVERY)) return `unrecognized descriptor: ${text}`;
  const problem = goDurationProblem(text.slice(EVERY.length));
  return problem === undefined ? undefined : `failed to parse duration ${text}: ${problem}`;
}

function fieldProblem(field: string, bounds: Bounds): string | undefined {
  const ranges = field.split(',').filter((range) => range !== '');
  return firstProblem(ranges, (range) => rangeProblem(range, bounds));
}

interface Range {
  first: bigint;
  last: bigint;
}

/** `*`, `5`, `mon-fri`, each perhaps with a step: `0-30/5`. */
function rangeProblem(text: string, bounds: Bounds): string | undefined {
  const [limits = '', ...steps] = text.split('/');
  const range = readRange(limits, bounds, text);
  if (typeof range === 'string') return range;
  if (steps.length > 1) return `too many slashes: ${text}`;
  const step = steps.length === 0 ? 1n : readInteger(steps[0]!);
  if (typeof step === 'string') return step;
  const [min, max] = [BigInt(bounds.min), BigInt(bounds.max)];
  const { first } = range;
  const last = steps.length > 0 && !limits.includes('-') ? max : range.last;
  if (first < min) return `beginning of range (${first}) below minimum (${min}): ${text}`;
  if (last > max) return `end of range (${last}) above maximum (${max}): ${text}`;
  if (first > last) return `beginning of range (${first}) beyond end of range (${last}): ${text}`;
  return step === 0n ? `step of range should be a positive number: ${text}` : undefined;
}

function readRange(limits: string, bounds: Bounds, text: string): Range | string {
  const [from = '', ...to] = limits.split('-');
  if (from === '*' || from === '?') return { first: BigInt(bounds.min), last: BigInt(bounds.max) };
  const first = readIntegerOrName(from, bounds);
  if (typeof first === 'string') return first;
  if (to.length > 1) return `too many hyphens: ${text}`;
  const last = to.length === 0 ? first : readIntegerOrName(to[0]!, bounds);
  return typeof last === 'string' ? last : { first, last };
}

function readIntegerOrName(text: string, { min, names = [] }: Bounds): bigint | string {
  const index = names.indexOf(text.toLowerCase());
  return index < 0 ? readInteger(text) : BigInt(min + index);
}

/** @see strconv.Atoi */
function readInteger(text: string): bigint | string {
  const why = (reason: string) =>
    `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: ${reason}`;
  if (!/^\+?[0-9]+$/.test(text)) return why('invalid syntax');
  const value = BigInt(text.replace('+', ''));
  return value > INT_MAX ? why('value out of range') : value;
}
