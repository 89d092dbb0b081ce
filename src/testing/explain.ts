/**
 * Why a condition does not hold, for a person: the objects that it looked at and what they own as `kubectl get` shows them,
 * their conditions and warnings, and the end of the timeline.
 */
import type { Event as CoreEvent } from '../api/generated/core-v1.ts';
import { gvkOf, type KubeObject } from '../api/meta.ts';
import { tableCells, tableColumns } from '../api/printers/printers.ts';
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  EVENTS,
  findKind,
  JOBS,
  PODS,
  REPLICA_SETS,
  type ResourceRef,
  type ResourceRow,
  STATEFUL_SETS,
} from '../api/resources.ts';
import { TextTable } from '../cli/printers/text-table.ts';
import { formatObjectRef } from '../simulation/object-ref.ts';
import { formatTimeline } from '../simulation/timeline/format-timeline.ts';
import type { Timeline } from '../simulation/timeline/timeline.ts';
import type { World } from '../simulation/world/world.ts';
import type { KnownKinds } from './known-kinds.ts';
import type { ObservedObjects } from './observed-objects.ts';

/** Owners before what they own. */
const DEPENDENTS = [
  DEPLOYMENTS,
  STATEFUL_SETS,
  DAEMON_SETS,
  REPLICA_SETS,
  JOBS,
  PODS,
] as readonly ResourceRow[];
const ROWS_MAX = 20;
const CONDITIONS_MAX = 10;
const EVENTS_MAX = 8;
const TIMELINE_MAX = 20;
/** Such a condition is the bad news when it is `True`. */
const BAD_WHEN_TRUE = /Pressure$|^NetworkUnavailable$|^ReplicaFailure$|^DisruptionTarget$|Failed$/;

export interface Scene {
  world: World;
  timeline: Timeline;
  observed: ObservedObjects;
  kinds: KnownKinds;
}

/** Empty where there is nothing to show. */
export function explain(scene: Scene): string {
  const { world, timeline, observed } = scene;
  const shown = withDependents(world, observed.objects);
  const parts = [
    observed.missing.join('\n'),
    formatTables(shown, scene),
    observed.omitted === 0 ? '' : `and ${observed.omitted} more`,
    shown.flatMap(conditionLines).slice(0, CONDITIONS_MAX).join('\n'),
    eventLines(world, shown).join('\n'),
    timelineLines(timeline, shown),
  ];
  return parts
    .map((part) => part.trimEnd())
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The objects, and the workloads and Pods below them. */
function withDependents(world: World, objects: readonly KubeObject[]): KubeObject[] {
  const shown = [...objects];
  const uids = new Set(shown.map(({ metadata }) => metadata.uid));
  for (const resource of DEPENDENTS) {
    for (const object of world.objects<KubeObject>(resource as ResourceRef<KubeObject>)) {
      const isOwned = object.metadata.ownerReferences?.some(({ uid }) => uids.has(uid)) ?? false;
      if (!isOwned || uids.has(object.metadata.uid)) continue;
      uids.add(object.metadata.uid);
      shown.push(object);
    }
  }
  return shown.slice(0, ROWS_MAX);
}

/** One table for each kind. */
function formatTables(objects: readonly KubeObject[], scene: Scene): string {
  const byKind = Map.groupBy(objects, ({ apiVersion, kind }) => `${apiVersion}/${kind}`);
  return [...byKind.values()].map((group) => formatTable(group, scene)).join('\n');
}

function formatTable(objects: readonly KubeObject[], { world, kinds }: Scene): string {
  const row = kinds.rowOf(objects[0]!);
  const custom = row.custom?.printer;
  const columns = custom?.columns ?? tableColumns(row);
  const isShown = (_: unknown, index: number) =>
    columns[index]?.priority === 0 && columns[index].format !== 'name';
  const names = columns.filter(isShown).map(({ name }) => name.toUpperCase());
  const nowMs = world.clock.now();
  const cellsOf = (object: KubeObject) => custom?.cells(object, nowMs) ?? tableCells(row, object, nowMs);
  const table = new TextTable(['OBJECT', ...names]);
  return table.format(
    objects.map((object) => [refOf(object), ...cellsOf(object).filter(isShown).map(toText)]),
  );
}

/** Cells are texts, numbers and nothing. */
function toText(cell: unknown): string {
  return typeof cell === 'string' || typeof cell === 'number' ? String(cell) : '';
}

function conditionLines(object: KubeObject): string[] {
  const { status } = object as { status?: { conditions?: readonly Condition[] } };
  return (status?.conditions ?? []).filter(isBadNews).map(({ type, status: value, reason, message }) => {
    const why = [reason, message].filter((text) => text !== undefined && text !== '').join(': ');
    return `${refOf(object)} is ${type}=${value}${why === '' ? '' : `: ${why}`}`;
  });
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

function isBadNews({ type, status }: Condition): boolean {
  // Said again by `Ready`.
  if (type === 'ContainersReady') return false;
  return BAD_WHEN_TRUE.test(type) ? status === 'True' : status !== 'True';
}

/** The newest warnings about any of them. */
function eventLines(world: World, objects: readonly KubeObject[]): string[] {
  const uids = new Set(objects.map(({ metadata }) => metadata.uid));
  return world
    .objects<CoreEvent>(EVENTS)
    .filter(({ type, involvedObject }) => type === 'Warning' && uids.has(involvedObject.uid ?? ''))
    .slice(-EVENTS_MAX)
    .map(({ involvedObject, reason, message }) => {
      return `${involvedObject.kind?.toLowerCase()}/${involvedObject.name} ${reason}: ${message}`;
    });
}

/** What was said of them, or of anything where nothing was. */
function timelineLines(timeline: Timeline, objects: readonly KubeObject[]): string {
  const names = new Set(objects.map(refOf));
  const all = timeline.entries();
  const own = all.filter(
    ({ kind, object }) =>
      (object !== undefined && names.has(object)) || kind === 'process' || kind === 'fault',
  );
  const last = (names.size > 0 ? own : all).slice(-TIMELINE_MAX);
  return last.length === 0 ? '' : `the timeline's end:\n${formatTimeline(last)}`;
}

/** As the timeline names it. */
function refOf(object: KubeObject): string {
  const { name, namespace = '' } = object.metadata;
  const { group, version, kind } = gvkOf(object);
  const row: Pick<ResourceRow, 'singular'> = findKind(group, version, kind) ?? {
    singular: kind.toLowerCase(),
  };
  return formatObjectRef({ row: row as ResourceRow, name, namespace });
}
