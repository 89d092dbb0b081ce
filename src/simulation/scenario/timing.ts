/**
 * When something is expected to be so.
 *
 *     at: 50s                  then, once everything of that moment has happened
 *     within: [40s, 50s]       at some moment of these        by: 50s  is  within: [0s, 50s]
 *     becomes: 50s             from then on, and not before   becomes: [49s, 51s]   after: 10s looks from there
 *     throughout: [10s, 50s]   at every moment of these       always: true  is all the time
 */

import type { JsonObject, JsonValue } from '../../api/json.ts';
import { formatGoDuration } from '../../base/duration.ts';
import { boolean, duration, fields, optional, ScenarioError, wrongType } from './read.ts';

export type Timing =
  | { kind: 'at'; atMs: number }
  | { kind: 'within'; fromMs: number; toMs: number }
  | { kind: 'becomes'; fromMs: number; toMs: number; afterMs: number }
  | { kind: 'throughout'; fromMs: number; toMs: number };

export const TIMING_FIELDS = ['at', 'within', 'by', 'becomes', 'after', 'throughout', 'always'] as const;

const SHAPE = fields({
  at: optional(duration),
  within: optional(window),
  by: optional(duration),
  becomes: optional(momentOrWindow),
  after: optional(duration),
  throughout: optional(window),
  always: optional(boolean),
});

/** @param place  of the expectation whose fields these are */
export function parseTiming(value: JsonObject, place: string, durationMs: number): Timing {
  const { after, ...ways } = SHAPE(value, place);
  const given = Object.entries(ways).filter(([, way]) => way !== undefined);
  if (given.length !== 1) {
    throw new ScenarioError(place, 'must say when: one of at, within, by, becomes, throughout, always');
  }
  if (after !== undefined && ways.becomes === undefined) {
    throw new ScenarioError(place, 'after goes with becomes');
  }
  const timing = toTiming(ways, after ?? 0, durationMs);
  const lastMs = timing.kind === 'at' ? timing.atMs : timing.toMs;
  if (lastMs > durationMs) {
    const length = formatGoDuration(durationMs);
    throw new ScenarioError(
      place,
      `${formatGoDuration(lastMs)} is after the end of the scenario, which lasts ${length}`,
    );
  }
  return timing;
}

type Window = readonly [fromMs: number, toMs: number];

function toTiming(
  { at, within, by, becomes, throughout }: Omit<ReturnType<typeof SHAPE>, 'after'>,
  afterMs: number,
  durationMs: number,
): Timing {
  if (at !== undefined) return { kind: 'at', atMs: at };
  if (becomes !== undefined) return { kind: 'becomes', fromMs: becomes[0], toMs: becomes[1], afterMs };
  const some = within ?? (by === undefined ? undefined : ([0, by] as const));
  if (some !== undefined) return { kind: 'within', fromMs: some[0], toMs: some[1] };
  const [fromMs, toMs] = throughout ?? [0, durationMs];
  return { kind: 'throughout', fromMs, toMs };
}

function window(value: JsonValue, place: string): Window {
  if (!Array.isArray(value) || value.length !== 2) {
    throw wrongType(value, place, 'two durations, such as [10s, 20s]');
  }
  const [fromMs, toMs] = value.map((item, index) => duration(item, `${place}[${index}]`)) as [number, number];
  if (fromMs > toMs) throw new ScenarioError(place, 'runs backwards');
  return [fromMs, toMs];
}

function momentOrWindow(value: JsonValue, place: string): Window {
  if (Array.isArray(value)) return window(value, place);
  const ms = duration(value, place);
  return [ms, ms];
}
