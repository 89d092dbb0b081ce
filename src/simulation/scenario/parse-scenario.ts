/**
 * Reads a scenario: YAML text, or a value of the same shape. Whatever cannot be meant is refused before a world begins, with
 * its place: `crash.yaml: steps[2].fault: there is no fault "kil-agent"; did you mean "kill-agent"?`.
 */
import type { JsonObject, JsonValue } from '../../api/json.ts';
import { parseYamlDocuments } from '../../api/yaml.ts';
import { formatGoDuration } from '../../base/duration.ts';
import { StatusError } from '../../base/status-error.ts';
import { CodecError } from '../codec.ts';
import { FAULTS } from '../faults/fault-table.ts';
import { parsePrograms } from '../parse-program.ts';
import type { SimulatedProgram } from '../sim-program.ts';
import { suggestion } from './closest.ts';
import type { Condition } from './condition.ts';
import { EVENT_FIELDS, eventCondition } from './event-condition.ts';
import {
  CONTAINERS_FIELDS,
  containersCondition,
  type HistoryCondition,
  STARTS_FIELDS,
  startsCondition,
  TIMELINE_FIELDS,
  timelineCondition,
} from './history-condition.ts';
import { parseManifests, type ReadFile } from './manifest.ts';
import { OBJECT_FIELDS, objectCondition } from './object-condition.ts';
import { cluster, partiesOfCluster } from './parse-cluster.ts';
import { PODS_FIELDS, podsCondition } from './pods-condition.ts';
import {
  count,
  duration,
  fields,
  json,
  jsonObject,
  list,
  oneOf,
  optional,
  placeIn,
  type Read,
  readField,
  ScenarioError,
  text,
} from './read.ts';
import { ROUTES_FIELDS, routesCondition } from './routes-condition.ts';
import type { Expectation, Scenario, ScenarioStep, ScenarioSwarm } from './scenario.ts';
import { refusal, STEP_ACTIONS, type StepPlaces } from './step-actions.ts';
import { parseTiming, TIMING_FIELDS } from './timing.ts';

export interface ParseOptions {
  /** How a manifest that is named by its file is found; without it none can be named. */
  readFile?: ReadFile;
}

/**
 * @param source  YAML text, or a value of the same shape
 * @param place  what to call it in messages: its file
 * @throws ScenarioError for the first thing that is wrong
 */
export function parseScenario(
  source: string | JsonValue,
  place: string,
  options: ParseOptions = {},
): Scenario {
  const value = typeof source === 'string' ? parseText(source, place) : structuredClone(source);
  const { readFile = refuseFile } = options;
  const at = `${place}:`;
  const head = HEAD(value, at);
  const durationMs = head.duration;
  const places: StepPlaces = { parties: partiesOfCluster(head.cluster), readFile };
  const steps = (head.steps ?? []).map((step, index) => parseStep(step, `${at} steps[${index}]`, places));
  checkOrder(steps, durationMs);
  return {
    name: head.name,
    description: head.description,
    seed: head.seed ?? head.name,
    cluster: head.cluster,
    programs: head.programs ?? {},
    manifests:
      head.manifests === undefined ? [] : parseManifests(head.manifests, `${at} manifests`, { readFile }),
    steps,
    swarm: head.swarm?.(durationMs),
    expect: (head.expect ?? []).map((item, index) =>
      parseExpectation(item, `${at} expect[${index}]`, durationMs),
    ),
    durationMs,
    healWithinMs: head.heal?.within,
  };
}

const HEAD = fields({
  name: text,
  description: optional(text),
  seed: optional((value, place) => (typeof value === 'number' ? count()(value, place) : text(value, place))),
  cluster: (value, place) => cluster(value, place),
  programs: optional(programs),
  manifests: optional(json),
  steps: optional(list(jsonObject)),
  swarm: optional((value, place) => readSwarm(value, place)),
  expect: optional(list(jsonObject)),
  duration,
  heal: optional(fields({ within: duration })),
});

function programs(value: JsonValue, place: string): Record<string, SimulatedProgram> {
  try {
    return parsePrograms(value, place);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new ScenarioError(error.place, error.message.slice(error.place.length + 2), { cause: error });
  }
}

function parseText(source: string, place: string): JsonValue {
  try {
    const documents = parseYamlDocuments(source, place);
    if (documents.length === 1) return documents[0]!;
    throw new ScenarioError(`${place}:`, `holds ${documents.length} documents; a scenario is one`);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new ScenarioError(`${place}:`, error.message.replace(`error parsing ${place}: `, ''), {
      cause: error,
    });
  }
}

function refuseFile(): never {
  throw new Error('files cannot be read here');
}

function parseStep(step: JsonObject, place: string, places: StepPlaces): ScenarioStep {
  const names = Object.keys(step).filter((name) => Object.hasOwn(STEP_ACTIONS, name));
  if (names.length !== 1) {
    if (names.length > 1) throw new ScenarioError(place, `does two things: ${names.join(' and ')}`);
    const unknown = Object.keys(step).find((name) => name !== 'at' && name !== 'for') ?? '';
    throw new ScenarioError(
      place,
      `there is no action "${unknown}"${suggestion(unknown, Object.keys(STEP_ACTIONS))}`,
    );
  }
  const run = STEP_ACTIONS[names[0]!]!.read(step, place, places);
  return {
    atMs: readField(duration, step, { name: 'at', place }),
    place,
    run,
    refused: readField(optional(refusal), step, { name: 'refused', place }),
  };
}

function checkOrder(steps: readonly ScenarioStep[], durationMs: number): void {
  let lastMs = 0;
  for (const { atMs, place } of steps) {
    const at = placeIn(place, 'at');
    if (atMs < lastMs) {
      throw new ScenarioError(
        at,
        `${formatGoDuration(atMs)} is before the step above it, at ${formatGoDuration(lastMs)}`,
      );
    }
    if (atMs > durationMs) {
      const length = formatGoDuration(durationMs);
      throw new ScenarioError(
        at,
        `${formatGoDuration(atMs)} is after the end of the scenario, which lasts ${length}`,
      );
    }
    lastMs = atMs;
  }
}

const SWARM = fields({
  from: optional(duration),
  until: optional(duration),
  count: count(1),
  faults: optional(list(oneOf(Object.keys(FAULTS)))),
});

/** The length of the scenario is known once everything of it is read. */
function readSwarm(value: JsonValue, place: string): (durationMs: number) => ScenarioSwarm {
  const { from = 0, until, count: number, faults = Object.keys(FAULTS) } = SWARM(value, place);
  return (durationMs) => {
    const untilMs = until ?? durationMs;
    if (from > untilMs) throw new ScenarioError(place, 'runs backwards');
    if (untilMs > durationMs)
      throw new ScenarioError(placeIn(place, 'until'), 'is after the end of the scenario');
    return { fromMs: from, untilMs, count: number, faults };
  };
}

type ExpectationKind = {
  fields: readonly string[];
} /** `onlyAt`: it can only be looked at when everything of a moment has happened. */ & (
  | { condition: Read<Condition>; onlyAt?: true }
  | { history: Read<HistoryCondition> }
);

/** By the field that names the kind. */
const EXPECTATIONS: Readonly<Record<string, ExpectationKind>> = {
  object: { fields: OBJECT_FIELDS, condition: objectCondition },
  event: { fields: EVENT_FIELDS, condition: eventCondition },
  pods: { fields: PODS_FIELDS, condition: podsCondition },
  routes: { fields: ROUTES_FIELDS, condition: routesCondition, onlyAt: true },
  starts: { fields: STARTS_FIELDS, history: startsCondition },
  containers: { fields: CONTAINERS_FIELDS, history: containersCondition },
  timeline: { fields: TIMELINE_FIELDS, history: timelineCondition },
};

function parseExpectation(value: JsonObject, place: string, durationMs: number): Expectation {
  // An Event is expected of an object.
  const name =
    value['event'] === undefined ? Object.keys(EXPECTATIONS).find((kind) => kind in value) : 'event';
  const kind = name === undefined ? undefined : EXPECTATIONS[name];
  if (kind === undefined) {
    const unknown = Object.keys(value).find((field) => !TIMING_FIELDS.includes(field as never)) ?? '';
    const near = suggestion(unknown, Object.keys(EXPECTATIONS));
    throw new ScenarioError(place, `"${unknown}" is nothing to expect${near}`);
  }
  const timed = 'condition' in kind;
  const known = [...kind.fields, ...(timed ? TIMING_FIELDS : [])];
  for (const field of Object.keys(value)) {
    if (!known.includes(field)) {
      throw new ScenarioError(place, `there is no field "${field}"${suggestion(field, known)}`);
    }
  }
  const own = pick(value, kind.fields);
  if (!timed) return { place, history: kind.history(own, place) };
  const timing = parseTiming(pick(value, TIMING_FIELDS), place, durationMs);
  if (kind.onlyAt && timing.kind !== 'at') throw new ScenarioError(place, `${name} are looked at with "at"`);
  return { place, condition: kind.condition(own, place), timing };
}

function pick(value: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
}
