/**
 * Every version since the last compaction, in revision order: what a watch resumes from and a paged list reads.
 *
 *     all      [ 7 8 9 10 11 12 ]
 *     roots    /registry/pods/ [ 7 9 12 ]   /registry/leases/ [ 8 10 11 ]
 *     values   node name -> n1 [ 7 12 ]  n2 [ 9 12 ]           both, where a version changed the value
 *
 * Agents that come back after a restart of the server resume by the thousand, and each reads the narrowest lane that holds
 * what it is told of. Bounded: past {@link HistoryLimits} it is `full`, and the compaction loop cuts it to half. Of versions
 * that were replaced a while ago only the bytes are kept.
 */
import type { ObjectIndex, Scope } from './store.ts';
import type { Version } from './version.ts';
import { VersionLane } from './version-lane.ts';

export interface HistoryLimits {
  maxRecords: number;
  maxBytes: number;
}

/** How many of the newest versions keep the parsed value of what they replaced: watchers look at it when they are told. */
const PARSED_RECENT = 1000;

type ValueLanes = Map<string, VersionLane>;

export class History {
  readonly #limits: HistoryLimits;
  readonly #all = new VersionLane();
  readonly #roots = new Map<string, VersionLane>();
  /** Of the indexes that a watch has resumed by. */
  readonly #values = new Map<ObjectIndex, ValueLanes>();
  #sizeBytes = 0;

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#all.length;
  }

  get full(): boolean {
    return this.length > this.#limits.maxRecords || this.#sizeBytes > this.#limits.maxBytes;
  }

  append(version: Version): void {
    this.#all.append(version);
    const root = rootOf(version.key);
    if (root !== undefined) laneOf(this.#roots, root).append(version);
    for (const [index, lanes] of this.#values) appendByValue(index, lanes, version);
    this.#sizeBytes += version.sizeBytes;
    const cooled = this.#all.at(this.length - PARSED_RECENT);
    if (cooled !== undefined) releaseReplaced(cooled);
  }

  /** Versions with a revision greater than `revision`, oldest first: all that concern `scope`, and few that do not. */
  after(revision: number, scope: Scope): Iterable<Version> {
    return this.#laneFor(scope)?.after(revision) ?? [];
  }

  /** Takes out the versions up to `revision` and returns them, oldest first. */
  dropThrough(revision: number): Version[] {
    const dropped = this.#all.dropThrough(revision);
    for (const version of dropped) this.#sizeBytes -= version.sizeBytes;
    dropIn(this.#roots, revision);
    for (const lanes of this.#values.values()) dropIn(lanes, revision);
    return dropped;
  }

  /** The revision of the version in the middle: compacting there halves the history. `undefined` when empty. */
  middleRevision(): number | undefined {
    return this.#all.at(this.length >>> 1)?.revision;
  }

  #laneFor({ prefix, indexed }: Scope): VersionLane | undefined {
    if (indexed !== undefined) return this.#valueLanes(indexed.index).get(indexed.value);
    const root = rootOf(prefix);
    return root === undefined ? this.#all : this.#roots.get(root);
  }

  #valueLanes(index: ObjectIndex): ValueLanes {
    let lanes = this.#values.get(index);
    if (lanes === undefined) {
      lanes = new Map();
      this.#values.set(index, lanes);
      for (const version of this.after(0, { prefix: index.prefix })) appendByValue(index, lanes, version);
      // To read the values, all were parsed.
      for (let i = 0; i < this.length - PARSED_RECENT; i++) releaseReplaced(this.#all.at(i)!);
    }
    return lanes;
  }
}

/** `/registry/pods/`, or `/registry/apps/`: the first two steps of a key, or of a prefix that has them. */
function rootOf(text: string): string | undefined {
  const first = text.startsWith('/') ? text.indexOf('/', 1) : -1;
  const second = first < 0 ? -1 : text.indexOf('/', first + 1);
  return second < 0 ? undefined : text.slice(0, second + 1);
}

function laneOf(lanes: Map<string, VersionLane>, name: string): VersionLane {
  let lane = lanes.get(name);
  if (lane === undefined) {
    lane = new VersionLane();
    lanes.set(name, lane);
  }
  return lane;
}

/** To the lane of the value that it has, and to that of the value that it took. */
function appendByValue(index: ObjectIndex, lanes: ValueLanes, version: Version): void {
  if (!version.key.startsWith(index.prefix)) return;
  const value = index.valueOf(version.value);
  laneOf(lanes, value).append(version);
  const { previous } = version;
  const before = previous === undefined || previous.deleted ? value : index.valueOf(previous.value);
  if (before !== value) laneOf(lanes, before).append(version);
}

function dropIn(lanes: Map<string, VersionLane>, revision: number): void {
  for (const [name, lane] of lanes) {
    lane.dropThrough(revision);
    if (lane.length === 0) lanes.delete(name);
  }
}

function releaseReplaced(version: Version): void {
  version.previous?.releaseValue();
  if (version.deleted) version.releaseValue();
}
