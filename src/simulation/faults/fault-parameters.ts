/**
 * The parameters of faults as data: each says what it takes and reads it from a scenario, a plan or a command, so that what
 * cannot be meant is refused by name before a world begins.
 */
import type { JsonValue } from '../../api/json.ts';
import { formatGoDuration, parseGoDuration } from '../../base/duration.ts';
import type { Random } from '../../base/random.ts';

/** Who there is to be disturbed. */
export interface Parties {
  readonly nodes: readonly string[];
  /** Nodes, the control plane, machines of candidates. */
  readonly machines: readonly string[];
  /** `node-1/agent`, `control-plane/server`. */
  readonly processes: readonly string[];
  /** The disk under the store is a simulated one. */
  readonly hasDisk: boolean;
}

export interface ParameterSpec<T> {
  /** What a value is, after "must be": `a duration such as 30s`. */
  readonly what: string;
  readonly default?: T;
  /** `undefined`: it is none. */
  read(value: JsonValue, parties: Parties): T | undefined;
  /** What it may be, where that is a list. */
  choices?(parties: Parties): readonly string[];
}

export type Parameters = Readonly<Record<string, JsonValue>>;
export type ParameterSpecs = Readonly<Record<string, ParameterSpec<unknown>>>;
export type ValuesOf<S extends ParameterSpecs> = {
  readonly [K in keyof S]: S[K] extends ParameterSpec<infer T> ? T : never;
};

/** A fault that cannot be meant as it is written. */
export class FaultError extends Error {
  override name = 'FaultError';
}

/** @throws FaultError that names `place`, for the first parameter that is unknown, missing or wrong */
export function readParameters<S extends ParameterSpecs>(
  specs: S,
  given: Parameters,
  { parties, place }: { parties: Parties; place: string },
): ValuesOf<S> {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(specs, name)) {
      const known = Object.keys(specs).join(', ') || 'none';
      throw new FaultError(`${place}: unknown parameter "${name}"; there are: ${known}`);
    }
  }
  const values = Object.entries(specs).map(([name, spec]) => [
    name,
    readOne(spec, given[name], { parties, place: `${place}.${name}` }),
  ]);
  return Object.fromEntries(values);
}

function readOne<T>(
  spec: ParameterSpec<T>,
  given: JsonValue | undefined,
  { parties, place }: { parties: Parties; place: string },
): T {
  if (given === undefined) {
    if (spec.default !== undefined) return spec.default;
    throw new FaultError(`${place} is missing: it must be ${spec.what}`);
  }
  const value = spec.read(given, parties);
  if (value !== undefined) return value;
  const choices = spec.choices?.(parties);
  const known = choices === undefined ? '' : `; there are: ${choices.join(', ')}`;
  throw new FaultError(`${place} must be ${spec.what}, not ${JSON.stringify(given)}${known}`);
}

function oneOf(what: string, choices: (parties: Parties) => readonly string[]): ParameterSpec<string> {
  return {
    what,
    choices,
    read: (value, parties) =>
      typeof value === 'string' && choices(parties).includes(value) ? value : undefined,
  };
}

export const NODE_NAME = oneOf('the name of a node', ({ nodes }) => nodes);
export const MACHINE_NAME = oneOf('the name of a machine', ({ machines }) => machines);
export const PROCESS_NAME = oneOf('the name of a process', ({ processes }) => processes);
/** One end of a link. */
export const PARTY_NAME = oneOf('the name of a machine, "user" or "*" for any', ({ machines }) => [
  ...machines,
  'user',
  '*',
]);

/** In milliseconds, as a number or as `1m30s`. */
export const DURATION: ParameterSpec<number> = {
  what: 'a duration such as 30s',
  read: readDuration,
};

/** As {@link DURATION}; a minus in front turns it round. */
export const SIGNED_DURATION: ParameterSpec<number> = {
  what: 'a duration such as 30s or -30s',
  read(value) {
    if (typeof value !== 'string' || !value.startsWith('-')) return readDuration(value);
    const positive = readDuration(value.slice(1));
    return positive === undefined ? undefined : -positive;
  },
};

export const CHANCE: ParameterSpec<number> = {
  what: 'a chance from 0 up to, not including, 1',
  read: (value) => (typeof value === 'number' && value >= 0 && value < 1 ? value : undefined),
};

export const COUNT: ParameterSpec<number> = {
  what: 'a whole number of at least 1',
  read: (value) => (Number.isInteger(value) && (value as number) >= 1 ? (value as number) : undefined),
};

export const NUMBER: ParameterSpec<number> = {
  what: 'a number',
  read: (value) => (typeof value === 'number' && Number.isFinite(value) ? value : undefined),
};

/** Which of many: 0 is the first, close to 1 the last. */
export const SHARE: ParameterSpec<number> = { ...CHANCE, what: 'a share from 0 up to, not including, 1' };

export function withDefault<T>(spec: ParameterSpec<T>, value: T): ParameterSpec<T> {
  return { ...spec, default: value };
}

function readDuration(value: JsonValue): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : undefined;
  return typeof value === 'string' ? parseGoDuration(value) : undefined;
}

// What a swarm draws.

export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random.next() * choices.length)]!;
}

/** A whole number from `min` to `max`. */
export function drawCount(random: Random, min: number, max: number): number {
  return min + Math.floor(random.next() * (max - min + 1));
}

/** Between the bounds, short ones as likely as long ones by magnitude; as text, in steps that read well. */
export function drawDuration(random: Random, minMs: number, maxMs: number): string {
  return formatGoDuration(drawMs(random, minMs, maxMs));
}

/** As {@link drawDuration}, in milliseconds. */
export function drawMs(random: Random, minMs: number, maxMs: number): number {
  const ms = minMs * (maxMs / minMs) ** random.next();
  return ms < 1000 ? Math.round(ms) : Math.round(ms / 100) * 100;
}
