/** Everything that a step of a scenario can do: one row an action, whose first field has its name. */
import { isJsonObject, type JsonObject } from '../../api/json.ts';
import { DEPLOYMENTS, PODS, type ResourceRow } from '../../api/resources.ts';
import type { DeleteOptions, Patch } from '../../client/api-client.ts';
import { FaultError, type Parties } from '../faults/fault-parameters.ts';
import { checkFault, FAULTS } from '../faults/fault-table.ts';
import { suggestion } from './closest.ts';
import { parseManifests, type ReadFile } from './manifest.ts';
import { type ObjectPattern, objectPattern } from './object-pattern.ts';
import {
  count,
  duration,
  type Fields,
  fields,
  json,
  oneOf,
  optional,
  placeIn,
  type Read,
  readField,
  regex,
  ScenarioError,
  text,
  type ValuesOf,
} from './read.ts';
import {
  applyManifest,
  createManifest,
  deleteObjects,
  drain,
  evict,
  patchObjects,
  restartRollout,
  setUnschedulable,
  targetsOf,
  undoRollout,
} from './requests.ts';
import { beginFaultFor, type StepContext } from './step-context.ts';

/** What a scenario knows of itself while it is read. */
export interface StepPlaces {
  parties: Parties;
  readFile: ReadFile;
}

export type StepRun = (context: StepContext) => Promise<void>;

interface StepAction {
  readonly summary: string;
  /** @throws ScenarioError */
  read(step: JsonObject, place: string, places: StepPlaces): StepRun;
}

/** What every step may have. */
const COMMON = { at: duration, refused: optional(json) };

function defineStep<F extends Fields>(
  summary: string,
  spec: F,
  run: (context: StepContext, values: ValuesOf<F>) => Promise<void>,
): StepAction {
  const read = fields({ ...COMMON, ...spec });
  return {
    summary,
    read: (step, place) => {
      const values = read(step, place) as unknown as ValuesOf<F>;
      return (context) => run(context, values);
    },
  };
}

function ofKind(row: ResourceRow): Read<ObjectPattern> {
  return (value, place) => {
    const pattern = objectPattern(value, place);
    if (pattern.row === row) return pattern;
    throw new ScenarioError(place, `must be a ${row.kind}, such as ${row.singular}/web, not ${pattern.text}`);
  };
}

const deployment = ofKind(DEPLOYMENTS);
const pod = ofKind(PODS);

export const STEP_ACTIONS: Readonly<Record<string, StepAction>> = {
  apply: {
    summary: 'kubectl apply: what is missing is created, what is there is patched',
    read: (step, place, places) => readManifestStep('apply', { step, place, places }, applyManifest),
  },
  create: {
    summary: 'kubectl create: what is there already is an error',
    read: (step, place, places) => readManifestStep('create', { step, place, places }, createManifest),
  },
  delete: defineStep(
    'kubectl delete: an object, or all (the `first` so many) that a pattern means',
    {
      delete: objectPattern,
      first: optional(count(1)),
      grace: optional(duration),
      propagation: optional(oneOf(['Background', 'Foreground', 'Orphan'])),
    },
    (context, { delete: pattern, first, grace, propagation }) => {
      const options: DeleteOptions = {
        ...(grace === undefined ? {} : { gracePeriodSeconds: Math.round(grace / 1000) }),
        ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
      };
      return deleteObjects(context, { pattern, first, options });
    },
  ),
  patch: defineStep(
    'kubectl patch: strategic by default, or merge, or json',
    {
      patch: objectPattern,
      with: json,
      type: optional(oneOf(['strategic', 'merge', 'json'])),
      subresource: optional(text),
    },
    (context, { patch, with: body, type = 'strategic', subresource }) => {
      const sent: Patch = { type, body, ...(subresource === undefined ? {} : { subresource }) };
      return patchObjects(context, patch, sent);
    },
  ),
  scale: defineStep(
    'kubectl scale',
    { scale: objectPattern, replicas: count() },
    (context, { scale, replicas }) =>
      patchObjects(context, scale, { type: 'merge', body: { spec: { replicas } }, subresource: 'scale' }),
  ),
  restart: defineStep('kubectl rollout restart', { restart: deployment }, (context, { restart }) =>
    restartRollout(context, restart),
  ),
  undo: defineStep(
    'kubectl rollout undo',
    { undo: deployment, toRevision: optional(count(1)) },
    (context, { undo, toRevision }) => undoRollout(context, undo, toRevision),
  ),
  pause: defineStep('kubectl rollout pause', { pause: deployment }, (context, { pause }) =>
    patchObjects(context, pause, { type: 'merge', body: { spec: { paused: true } } }),
  ),
  resume: defineStep('kubectl rollout resume', { resume: deployment }, (context, { resume }) =>
    patchObjects(context, resume, { type: 'merge', body: { spec: { paused: null } } }),
  ),
  evict: defineStep(
    'a Pod, or all that a pattern means, is evicted, as budgets allow',
    { evict: pod, first: optional(count(1)), grace: optional(duration) },
    async (context, { evict: pattern, first, grace }) => {
      const graceSeconds = grace === undefined ? undefined : Math.round(grace / 1000);
      for (const target of targetsOf(context, pattern, first)) await evict(context, target, graceSeconds);
    },
  ),
  cordon: defineNodeStep('kubectl cordon', 'cordon', (context, node) =>
    setUnschedulable(context, node, true),
  ),
  uncordon: defineNodeStep('kubectl uncordon', 'uncordon', (context, node) =>
    setUnschedulable(context, node, false),
  ),
  drain: defineNodeStep('kubectl drain: cordoned, and emptied as budgets allow', 'drain', drain),
  fault: {
    summary: 'a fault of the table begins, and ends after `for`; its parameters are fields of the step',
    read: readFault,
  },
};

function defineNodeStep(
  summary: string,
  name: string,
  run: (context: StepContext, node: string) => Promise<void>,
): StepAction {
  return {
    summary,
    read(step, place, { parties }) {
      const node = readField(text, step, { name, place });
      fields({ ...COMMON, [name]: json })(step, place);
      if (!parties.nodes.includes(node)) {
        throw new ScenarioError(
          placeIn(place, name),
          `there is no node "${node}"${suggestion(node, parties.nodes)}`,
        );
      }
      return (context) => run(context, node);
    },
  };
}

interface StepText {
  step: JsonObject;
  place: string;
  places: StepPlaces;
}

function readManifestStep(
  name: string,
  { step, place, places }: StepText,
  write: typeof applyManifest,
): StepRun {
  fields({ ...COMMON, [name]: json })(step, place);
  const value = readField(json, step, { name, place });
  // What is expected to be refused is for the API to judge.
  const isChecked = step['refused'] === undefined;
  const manifests = parseManifests(value, placeIn(place, name), { readFile: places.readFile, isChecked });
  return async (context) => {
    for (const manifest of manifests) await write(context, manifest);
  };
}

function readFault(step: JsonObject, place: string, { parties }: StepPlaces): StepRun {
  const { at: _, fault: __, for: ___, refused, ...parameters } = step;
  const fault = readField(text, step, { name: 'fault', place });
  const forMs = readField(optional(duration), step, { name: 'for', place });
  if (!Object.hasOwn(FAULTS, fault)) {
    const near = suggestion(fault, Object.keys(FAULTS));
    throw new ScenarioError(placeIn(place, 'fault'), `there is no fault "${fault}"${near}`);
  }
  if (refused !== undefined) throw new ScenarioError(placeIn(place, 'refused'), 'a fault asks nobody');
  try {
    checkFault({ fault, parameters }, { parties, place });
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    const [, parameter = '', problem = ''] = /^(\S*?):? (.*)$/s.exec(error.message.slice(place.length)) ?? [];
    throw new ScenarioError(`${place}${parameter}`, problem, { cause: error });
  }
  return async (context) => beginFaultFor(context, { fault, parameters }, forMs);
}

/** That the API says no to a step, and how. */
export interface Refusal {
  reason: string;
  message: RegExp | undefined;
}

const REFUSAL = fields({ reason: text, message: optional(regex) });

export const refusal: Read<Refusal> = (value, place) =>
  isJsonObject(value) ? REFUSAL(value, place) : { reason: text(value, place), message: undefined };
