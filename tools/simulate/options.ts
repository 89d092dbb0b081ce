/** The command line of `npm run simulate`. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { FAULTS } from '../../src/simulation/faults/fault-table.ts';
import { parseTimelineFilter, type TimelineFilter } from '../../src/simulation/timeline/timeline-filter.ts';

export const HELP = `Usage: npm run simulate -- [options]

Runs whole clusters in virtual time, each with its own seed, faults and users, and checks that nothing breaks meanwhile
and that every cluster heals. A failure is shrunk to a small plan, printed and kept in a file.

  --seeds N        how many seeds (default 100)
  --from SEED      the first one, a whole number (default 1)
  --seed SEED      only this one
  --minutes N      how long faults last in each run, virtual time (default 60)
  --faults A,B     only these faults; "none" for no fault at all
  --jobs N         processes at a time (default: one for each core)
  --shrink N       seconds of real time to shrink a failure in; 0 leaves it as it is (default 60)
  --failures DIR   where plans of failures are kept (default ./simulation-failures)
  --max-failures N stop after so many failures (default 5)
  --replay FILE    run the plan in FILE and print what happens
  --scenario FILE  run the scenario in FILE instead (docs/simulation.md); may be repeated
  --timeline FORM  print the story of the scenario: text or json
  --only FILTER    only these lines of it, such as object=pod/web-*,node=node-1,kind=event
  --json           print one JSON document for each run, and nothing else, on standard output
  --help           print this

Faults: ${Object.keys(FAULTS).join(', ')}

Exit code: 0 all hold, 1 a run failed, 2 wrong usage.`;

export interface SimulateOptions {
  seeds: readonly string[];
  minutes: number;
  /** Absent: all. */
  faults?: readonly string[];
  jobs: number;
  shrinkMs: number;
  failuresDir: string;
  maxFailures: number;
  replay?: string;
  scenarios: readonly string[];
  timeline?: 'text' | 'json';
  only: TimelineFilter;
  json: boolean;
}

export class UsageError extends Error {
  override name = 'UsageError';
}

/** `undefined`: help is asked for. @throws UsageError */
export function parseOptions(args: readonly string[]): SimulateOptions | undefined {
  const values = readValues(args);
  if (values.help === true) return undefined;
  const faults = values.faults === undefined ? undefined : parseFaults(values.faults);
  return {
    seeds: parseSeeds(values),
    minutes: number('minutes', values.minutes, { default: 60, min: 0.1 }),
    jobs: whole('jobs', values.jobs, { default: availableParallelism(), min: 1 }),
    shrinkMs: 1000 * number('shrink', values.shrink, { default: 60, min: 0 }),
    failuresDir: values.failures ?? 'simulation-failures',
    maxFailures: whole('max-failures', values['max-failures'], { default: 5, min: 1 }),
    json: values.json ?? false,
    ...(faults === undefined ? {} : { faults }),
    ...(values.replay === undefined ? {} : { replay: values.replay }),
    scenarios: values.scenario ?? [],
    only: parseOnly(values.only ?? ''),
    ...(values.timeline === undefined ? {} : { timeline: parseForm(values.timeline) }),
  };
}

type Values = ReturnType<typeof readValues>;

function readValues(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: text,
        from: text,
        seed: text,
        minutes: text,
        faults: text,
        jobs: text,
        shrink: text,
        failures: text,
        'max-failures': text,
        replay: text,
        scenario: { ...text, multiple: true },
        timeline: text,
        only: text,
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function parseSeeds({ seed, seeds, from }: Values): string[] {
  if (seed !== undefined) {
    if (seeds !== undefined || from !== undefined)
      throw new UsageError('--seed goes without --seeds and --from');
    return [seed];
  }
  const first = whole('from', from, { default: 1, min: 0 });
  const count = whole('seeds', seeds, { default: 100, min: 1 });
  return Array.from({ length: count }, (_, index) => String(first + index));
}

function parseFaults(text: string): string[] {
  if (text === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !Object.hasOwn(FAULTS, name));
  if (unknown.length === 0) return names;
  throw new UsageError(`unknown fault "${unknown[0]}"; there are: ${Object.keys(FAULTS).join(', ')}`);
}

function parseForm(text: string): 'text' | 'json' {
  if (text === 'text' || text === 'json') return text;
  throw new UsageError(`--timeline must be text or json, not "${text}"`);
}

function parseOnly(text: string): TimelineFilter {
  try {
    return parseTimelineFilter(text);
  } catch (error) {
    throw new UsageError(`--only: ${(error as Error).message}`);
  }
}

interface Bounds {
  default: number;
  min: number;
}

function number(name: string, text: string | undefined, bounds: Bounds): number {
  if (text === undefined) return bounds.default;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= bounds.min) return value;
  throw new UsageError(`--${name} must be a number of at least ${bounds.min}, not "${text}"`);
}

function whole(name: string, text: string | undefined, bounds: Bounds): number {
  const value = number(name, text, bounds);
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError(`--${name} must be a whole number, not "${text}"`);
}
