/** Conditions on how many Pods of some selection are in which state. */
import type { Pod } from '../../api/generated/core-v1.ts';
import type { LabelSelector } from '../../api/generated/meta-v1.ts';
import type { KubeObject } from '../../api/meta.ts';
import { isPodActive, isPodReady, isPodTerminal, isPodTerminating } from '../../api/pod-conditions.ts';
import { PODS } from '../../api/resources.ts';
import {
  type LabelMatcher,
  newEqualityMatcher,
  newSelectorMatcher,
  parseLabelSelector,
  toLabelMatcher,
} from '../../api/selectors.ts';
import { storedUnder } from '../object-ref.ts';
import { suggestion } from './closest.ts';
import { comparison } from './comparison.ts';
import type { Condition } from './condition.ts';
import type { ObjectMirror } from './object-mirror.ts';
import { type ObjectPattern, objectPattern } from './object-pattern.ts';
import { fields, mapOf, optional, type Read, ScenarioError, text } from './read.ts';

/** What may be counted. Those that are not active have ended, or are going. */
const STATES: Readonly<Record<string, (pod: Pod) => boolean>> = {
  total: () => true,
  active: isPodActive,
  ready: (pod) => isPodActive(pod) && isPodReady(pod),
  running: (pod) => isPodActive(pod) && pod.status?.phase === 'Running',
  pending: (pod) => isPodActive(pod) && pod.status?.phase === 'Pending',
  scheduled: (pod) => isPodActive(pod) && Boolean(pod.spec.nodeName),
  terminating: isPodTerminating,
  ended: isPodTerminal,
  succeeded: (pod) => pod.status?.phase === 'Succeeded',
  failed: (pod) => pod.status?.phase === 'Failed',
};

const count = mapOf((value, place, name) => {
  const state = Object.hasOwn(STATES, name) ? STATES[name] : undefined;
  if (state === undefined) {
    throw new ScenarioError(place, `"${name}" is no state${suggestion(name, Object.keys(STATES))}`);
  }
  return { state, bound: comparison(value, place) };
});

const SELECTION = fields({
  of: optional(objectPattern),
  labels: optional((value, place) => toLabelMatcher(parseLabels(text(value, place), place))),
  name: optional(objectPattern),
  node: optional(text),
  image: optional(text),
});

export const PODS_FIELDS = ['pods', 'count'] as const;

const SHAPE = fields({ pods: (value, place) => readSelection(value, place), count });

type Selection = ReturnType<typeof SELECTION> & { text: string };

export const podsCondition: Read<Condition> = (value, place) => {
  const { pods: selection, count: counts } = SHAPE(value, place);
  const bounds = [...counts].map(([name, { bound }]) => `${name} ${bound.text}`).join(', ');
  return {
    expected: `Pods ${selection.text}: ${bounds}`,
    concerns: (row) => storedUnder(row) === storedUnder(PODS),
    evaluate({ objects }) {
      const selected = select(objects, selection);
      if (selected === undefined) {
        const none = [...counts.values()].every(({ bound }) => bound.holds(0));
        return { holds: none, actual: `there is no ${selection.of?.text}` };
      }
      const actual = [...counts].map(([name, { state, bound }]) => {
        const number = selected.filter(state).length;
        return { text: `${name} ${number}`, holds: bound.holds(number) };
      });
      return {
        holds: actual.every(({ holds }) => holds),
        actual: actual.map(({ text }) => text).join(', '),
      };
    },
  };
};

/** `deployment/web` alone is whose Pods are meant. */
function readSelection(value: Parameters<Read<Selection>>[0], place: string): Selection {
  const written = typeof value === 'string' ? { of: value } : value;
  const selection = SELECTION(written, place);
  if (Object.values(selection).every((term) => term === undefined)) {
    throw new ScenarioError(
      place,
      'selects nothing: name a workload, or one of of, labels, name, node, image',
    );
  }
  const terms = Object.entries(written as object).map(([name, term]) => `${name} ${String(term)}`);
  return { ...selection, text: terms.join(', ') };
}

function parseLabels(written: string, place: string) {
  try {
    return parseLabelSelector(written);
  } catch (error) {
    throw new ScenarioError(place, `is no label selector: ${(error as Error).message}`, { cause: error });
  }
}

/** `undefined`: the workload that should have them does not exist. */
function select(objects: ObjectMirror, selection: Selection): Pod[] | undefined {
  const { of: owner, labels, name, node, image } = selection;
  const belongs = owner === undefined ? undefined : selectorOf(objects, owner);
  if (owner !== undefined && belongs === undefined) return undefined;
  const pods = objects.list(PODS) as unknown as Pod[];
  return pods.filter(
    ({ metadata, spec }) =>
      (belongs === undefined || (metadata.namespace === owner?.namespace && belongs(metadata.labels))) &&
      (labels?.(metadata.labels) ?? true) &&
      (name === undefined || (name.namespace === metadata.namespace && name.name.test(metadata.name))) &&
      (node === undefined || spec.nodeName === node) &&
      (image === undefined || spec.containers.some((container) => container.image === image)),
  );
}

/** A Service selects by equal labels, everything else by a label selector. */
function selectorOf(objects: ObjectMirror, owner: ObjectPattern): LabelMatcher | undefined {
  const [object] = objects.find(owner) as (KubeObject & { spec?: { selector?: unknown } })[];
  if (object === undefined) return undefined;
  const selector = object.spec?.selector;
  return object.kind === 'Service'
    ? newEqualityMatcher(selector as Record<string, string> | undefined)
    : newSelectorMatcher(selector as LabelSelector | undefined);
}
