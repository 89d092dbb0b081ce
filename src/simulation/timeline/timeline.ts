/**
 * A run as a story: who saw what, what was decided and why, what was done. It listens to a world from its beginning and keeps
 * the first and the last entries of it, however long it is.
 *
 *     WorldEvent ──► pending, until its instant has passed ──► entries ──► text, JSON
 *
 * What only proves that somebody lives (leases, heartbeats, reads) is not told; what is said again within
 * {@link AGAIN_WITHIN_MS} is counted where it was said first.
 */
import type { Event as CoreEvent, Pod } from '../../api/generated/core-v1.ts';
import { formatObjectRef, parseStorageKey } from '../object-ref.ts';
import type { World } from '../world/world.ts';
import type { ObjectCommitted, RequestDone, WorldEvent } from '../world/world-event.ts';
import { describeChange } from './describe-change.ts';
import { EntryRing } from './entry-ring.ts';
import {
  attribute,
  continues,
  joined,
  newPendingWrite,
  type PendingWrite,
  readAsked,
} from './pending-writes.ts';
import {
  type PodName,
  tellContainer,
  tellEvent,
  tellFault,
  tellLog,
  tellProcess,
  tellRefusal,
} from './tell.ts';
import type { EntryKind, TimelineEntry } from './timeline-entry.ts';
import { selects, type TimelineFilter } from './timeline-filter.ts';

export interface TimelineOptions {
  /** When the world began: its wall time, ms. */
  startMs: number;
  /** Entries kept of the beginning, and of the end; default 1,000 and 10,000. */
  firstMax?: number;
  lastMax?: number;
  /** Only what it selects is kept. */
  filter?: TimelineFilter;
}

/** The same line again within this time is the earlier one, once more. */
const AGAIN_WITHIN_MS = 300_000;
/** What is only said; everything else has happened each time. */
const REPEATABLE: ReadonlySet<EntryKind> = new Set<EntryKind>(['event', 'log', 'refusal']);
/** Of these, as many are remembered. */
const REMEMBERED_MAX = 1000;
const PODS_MAX = 100_000;
/** More writes of one instant that nobody asked for (a server's first start) are one line. */
const UNASKED_MAX = 5;
const SERVER = 'control-plane/server';

/** Tells the story of `world`; for the whole of it, call this before its start. */
export function recordTimeline(world: World, options: Omit<TimelineOptions, 'startMs'> = {}): Timeline {
  const startMs = world.clock.now() - world.clock.monotonicMs();
  const timeline = new Timeline({ ...options, startMs });
  world.onEvent((event) => timeline.record(event));
  return timeline;
}

export class Timeline {
  readonly #startMs: number;
  readonly #filter: TimelineFilter;
  readonly #ring: EntryRing;
  #pending: (PendingWrite | TimelineEntry)[] = [];
  #pendingAtMs = 0;
  /** By uid. */
  readonly #pods = new BoundedMap<string, PodName>(PODS_MAX);
  readonly #said = new BoundedMap<string, TimelineEntry>(REMEMBERED_MAX);

  constructor({ startMs, firstMax = 1000, lastMax = 10_000, filter = {} }: TimelineOptions) {
    this.#startMs = startMs;
    this.#filter = filter;
    this.#ring = new EntryRing(firstMax, lastMax);
  }

  record(event: WorldEvent): void {
    const atMs = event.atMs - this.#startMs;
    if (atMs !== this.#pendingAtMs) this.#flush();
    this.#pendingAtMs = atMs;
    this.#take({ ...event, atMs });
  }

  /** So far, in order. */
  entries(): readonly TimelineEntry[] {
    this.#flush();
    return this.#ring.entries();
  }

  #take(event: WorldEvent): void {
    if (event.kind === 'request') this.#takeRequest(event);
    else if (event.kind === 'commit') this.#takeCommit(event);
    else if (event.kind === 'container') this.#say(tellContainer(event, this.#pods.get(event.podUid)));
    else if (event.kind === 'process') this.#say(tellProcess(event));
    else if (event.kind === 'fault') this.#say(tellFault(event));
    else this.#say(tellLog(event));
  }

  #say(entry: TimelineEntry | undefined): void {
    if (entry !== undefined) this.#pending.push(entry);
  }

  #takeRequest(event: { atMs: number } & RequestDone): void {
    const asked = readAsked(event);
    if (asked === undefined) return;
    if (event.status >= 400) this.#say(tellRefusal(event, asked));
    else attribute(this.#pending.filter(isWrite), asked, event);
  }

  #takeCommit(event: { atMs: number } & ObjectCommitted): void {
    const ref = parseStorageKey(event.key);
    if (ref === undefined) return;
    const { resource } = ref.row;
    if (resource === 'leases' && ref.namespace === 'kube-node-lease') return;
    if (resource === 'events') {
      if (event.type === 'put') this.#takeKubernetesEvent(event);
      return;
    }
    if (resource === 'pods') {
      const { metadata, spec } = event.object as unknown as Pod;
      this.#pods.set(metadata.uid, { object: formatObjectRef(ref), node: spec.nodeName });
    }
    this.#pending.push(newPendingWrite(event, ref));
  }

  /** An Event that is counted again is the one that was told before. */
  #takeKubernetesEvent({ atMs, key, object }: { atMs: number } & ObjectCommitted): void {
    const event = object as unknown as CoreEvent;
    const told = tellEvent(atMs, event, this.#pods.get(event.involvedObject.uid ?? ''));
    const known = this.#said.get(key);
    if (known !== undefined && isAgain(known, atMs)) {
      count(known, atMs);
      return;
    }
    this.#said.set(key, told);
    this.#pending.push(told);
  }

  /** The instant has passed: whoever is going to be known as the sender of a write is known. */
  #flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    const unasked = pending.filter((item) => isWrite(item) && item.who === undefined);
    const isCrowd = unasked.length > UNASKED_MAX;
    for (const item of joinWrites(pending)) {
      if (!isWrite(item)) this.#keep(item);
      else if (item.who !== undefined || !isCrowd) this.#keepWrite(item);
    }
    if (isCrowd) this.#keepCrowd(unasked.length);
  }

  #keepWrite({ atMs, ref, who = SERVER, what, ...change }: PendingWrite): void {
    const text = describeChange({ row: ref.row, ...change });
    if (text === undefined) return;
    const { spec } = change.object as { spec?: { nodeName?: string } };
    const node = ref.row.resource === 'nodes' ? ref.name : spec?.nodeName;
    this.#keep({
      atMs,
      kind: 'change',
      who,
      what,
      object: formatObjectRef(ref),
      ...(node === undefined ? {} : { node }),
      text,
    });
  }

  #keepCrowd(count: number): void {
    const atMs = this.#pendingAtMs;
    this.#keep({ atMs, kind: 'change', who: SERVER, what: 'write', text: `${count} objects of its own` });
  }

  #keep(entry: TimelineEntry): void {
    if (!selects(this.#filter, entry)) return;
    if (!REPEATABLE.has(entry.kind)) {
      this.#ring.push(entry);
      return;
    }
    const { kind, who, what, object, text } = entry;
    const key = JSON.stringify([kind, who, what, object, text]);
    const known = this.#said.get(key);
    if (known !== undefined && isAgain(known, entry.atMs)) {
      count(known, entry.atMs);
      return;
    }
    this.#said.set(key, entry);
    this.#ring.push(entry);
  }
}

function isWrite(item: PendingWrite | TimelineEntry): item is PendingWrite {
  return 'ref' in item;
}

function isAgain(known: TimelineEntry, atMs: number): boolean {
  return atMs - (known.lastAtMs ?? known.atMs) <= AGAIN_WITHIN_MS;
}

function count(entry: TimelineEntry, atMs: number): void {
  entry.times = (entry.times ?? 1) + 1;
  entry.lastAtMs = atMs;
}

/** Writes of one sender to one object become one, where the last of them stands, unless another's lies between. */
function joinWrites(pending: readonly (PendingWrite | TimelineEntry)[]): (PendingWrite | TimelineEntry)[] {
  const told: (PendingWrite | TimelineEntry | undefined)[] = [];
  const newest = new Map<string, number>();
  for (const item of pending) {
    if (!isWrite(item)) {
      told.push(item);
      continue;
    }
    const object = formatObjectRef(item.ref);
    const index = newest.get(object) ?? -1;
    const earlier = told[index] as PendingWrite | undefined;
    const isContinued = earlier !== undefined && continues(earlier, item);
    if (isContinued) told[index] = undefined;
    newest.set(object, told.push(isContinued ? joined(earlier, item) : item) - 1);
  }
  return told.filter((item) => item !== undefined);
}

/** Forgets what was set longest ago. */
class BoundedMap<K, V> {
  readonly #max: number;
  readonly #map = new Map<K, V>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  set(key: K, value: V): void {
    this.#map.delete(key);
    this.#map.set(key, value);
    if (this.#map.size <= this.#max) return;
    const [oldest] = this.#map.keys();
    if (oldest !== undefined) this.#map.delete(oldest);
  }
}
