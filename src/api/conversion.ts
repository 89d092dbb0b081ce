/**
 * Carries an object from one served version of its kind to another: the rows that share a storage version need it on the way
 * into the store (`storageGroupVersion`) and out again (the version that was asked for).
 *
 * Pure; the input is left as it is. Going to another version and back loses nothing.
 * @see kubernetes/pkg/apis/core/v1/conversion.go, pkg/apis/events/v1, pkg/apis/autoscaling/v1/conversion.go
 */
import { toAutoscalerV1, toAutoscalerV2 } from './conversion-autoscaling.ts';
import type { JsonObject } from './json.ts';

type Converter = (object: JsonObject) => JsonObject;

/** Core's names of an Event's fields, and those of events.k8s.io. */
const EVENT_NAMES: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];
const TO_EVENTS = new Map(EVENT_NAMES);
const TO_CORE = new Map(EVENT_NAMES.map(([core, events]) => [events, core]));

/** From kind, version it is in and version wanted to what does it. */
const CONVERTERS: Readonly<Record<string, Converter>> = {
  'Event v1 events.k8s.io/v1': (object) => renamed(object, TO_EVENTS),
  'Event events.k8s.io/v1 v1': (object) => renamed(object, TO_CORE),
  'HorizontalPodAutoscaler autoscaling/v1 autoscaling/v2': toAutoscalerV2,
  'HorizontalPodAutoscaler autoscaling/v2 autoscaling/v1': toAutoscalerV1,
};

/**
 * `object` as `apiVersion` (`v1` or `group/version`); the same object when it already is.
 *
 * An object of a kind with one version is returned unchanged whatever `apiVersion` says.
 */
export function convertVersion<T extends { apiVersion: string; kind: string }>(
  object: T,
  apiVersion: string,
): T {
  if (object.apiVersion === apiVersion) return object;
  const convert = CONVERTERS[`${object.kind} ${object.apiVersion} ${apiVersion}`];
  if (convert === undefined) return object;
  return { ...convert(object as unknown as JsonObject), apiVersion } as unknown as T;
}

function renamed(object: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value]));
}
