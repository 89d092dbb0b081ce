/** Single things that happen in a world, each as one line of the story. */
import type { Event as CoreEvent } from '../../api/generated/core-v1.ts';
import { findRowByWord, formatObjectRef } from '../object-ref.ts';
import type {
  ContainerChanged,
  FaultChanged,
  LineLogged,
  ProcessChanged,
  RequestDone,
} from '../world/world-event.ts';
import type { Asked } from './pending-writes.ts';
import type { TimelineEntry } from './timeline-entry.ts';
import { whoOfEvent } from './who.ts';

/** A Pod as it is named, and where it runs. */
export interface PodName {
  object: string;
  node: string | undefined;
}

type At<E> = { atMs: number } & E;

/** What happens inside a machine before and after is not told. */
export function tellContainer(
  event: At<ContainerChanged>,
  pod: PodName | undefined,
): TimelineEntry | undefined {
  const { atMs, node, name, attempt, exitCode, reason, type } = event;
  if (type !== 'started' && type !== 'stopped') return undefined;
  const container = attempt === 0 ? name : `${name} (restart ${attempt})`;
  const exit = type === 'started' ? '' : `: ${exitCode} ${reason ?? ''}`.trimEnd();
  return {
    atMs,
    kind: 'container',
    who: node,
    what: type === 'started' ? 'started' : 'exited',
    object: pod?.object ?? `pod/${event.podUid}`,
    node,
    text: `${container}${exit}`,
  };
}

export function tellProcess({ atMs, process, what, why }: At<ProcessChanged>): TimelineEntry {
  const text = why?.split('\n')[0] ?? '';
  return { atMs, kind: 'process', who: process, what, node: machineOf(process), text };
}

export function tellFault({ atMs, fault, what, parameters }: At<FaultChanged>): TimelineEntry {
  const place = parameters['node'] ?? parameters['machine'] ?? parameters['process'];
  return {
    atMs,
    kind: 'fault',
    who: 'fault',
    what: `${fault} ${what}`,
    ...(typeof place === 'string' ? { node: machineOf(place) } : {}),
    text: what === 'begins' ? describeFields(parameters) : '',
  };
}

export function tellLog({ atMs, process, level, message, fields }: At<LineLogged>): TimelineEntry {
  const { pod, node, ...others } = fields;
  const text = describeFields(others);
  const place = pod ?? node;
  const object =
    typeof place === 'string' && place !== '' ? `${pod === undefined ? 'node' : 'pod'}/${short(place)}` : '';
  return {
    atMs,
    kind: 'log',
    who: process,
    what: level,
    ...(object === '' ? {} : { object }),
    node: typeof node === 'string' ? node : machineOf(process),
    text: text === '' ? message : `${message}: ${text}`,
  };
}

/** Why a write was not done: the words of the API. */
export function tellRefusal(event: At<RequestDone>, { who, what, info }: Asked): TimelineEntry {
  const { reason, message } = (event.answer ?? {}) as { reason?: string; message?: string };
  const row = findRowByWord(info.group === '' ? info.resource : `${info.resource}.${info.group}`);
  const name = info.name === '' ? '(new)' : info.name;
  return {
    atMs: event.atMs,
    kind: 'refusal',
    who,
    what,
    ...(row === undefined ? {} : { object: formatObjectRef({ row, namespace: info.namespace, name }) }),
    text: `${event.status} ${reason ?? ''}: ${message ?? ''}`,
  };
}

/** @param at  where its subject is, when that is known */
export function tellEvent(atMs: number, event: CoreEvent, pod: PodName | undefined): TimelineEntry {
  const { involvedObject, reason = '', message = '', source, reportingComponent } = event;
  const { kind = '', namespace = '', name = '' } = involvedObject;
  const row = findRowByWord(kind);
  const node = kind === 'Node' ? name : (pod?.node ?? source?.host);
  return {
    atMs,
    kind: 'event',
    who: whoOfEvent(reportingComponent || source?.component || '', source?.host),
    what: reason,
    object: row === undefined ? `${kind.toLowerCase()}/${name}` : formatObjectRef({ row, namespace, name }),
    ...(node === undefined || node === '' ? {} : { node }),
    text: message,
  };
}

/** `node-1` of `node-1/agent`. */
function machineOf(process: string): string {
  return process.split('/')[0]!;
}

/** Without the namespace that everything is in. */
function short(key: string): string {
  return key.replace(/^default\//, '');
}

function describeFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${describeValue(value)}`)
    .join(', ');
}

function describeValue(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
