/**
 * One watch, compared frame by frame with what was committed: nothing that it selects may be left out, come twice, come in
 * another order or under another name.
 *
 *     initial ──bookmark that ends the initial events──► live        anything that cannot be told any more ──► unknown
 */

import type { ObjectMeta } from '../../api/generated/meta-v1.ts';
import type { WatchFrame } from '../../api/message.ts';
import type { StoredValue } from '../../store/store.ts';
import type { CommitLog, KindLog, LogEntry } from './commit-log.ts';

/** What a watch is about. */
export interface WatchedSelection {
  /** For people: the process, the path and the selectors. */
  readonly name: string;
  /** Start of the keys of the kind. */
  readonly prefix: string;
  /** Start of the keys in question: the same, or one namespace of it. */
  readonly scope: string;
  readonly matches: (object: StoredValue) => boolean;
  /** Set when the watch goes on from there. */
  readonly afterRevision: number | undefined;
}

type Expected = WatchFrame['type'] | 'none' | 'any';

export class WatchedStream {
  readonly selection: WatchedSelection;
  readonly #log: KindLog;
  readonly #report: (message: string) => void;
  #phase: 'initial' | 'live' | 'unknown';
  /** While initial: resourceVersion by key. */
  #initial = new Map<string, string>();
  /** While live: the number of the first entry that has not been delivered. */
  #next = 0;
  #deliveredRevision = 0;

  constructor(commits: CommitLog, selection: WatchedSelection, report: (message: string) => void) {
    this.selection = selection;
    this.#log = commits.kind(selection.prefix);
    this.#report = report;
    this.#phase = 'initial';
    if (selection.afterRevision !== undefined) this.#goLive(selection.afterRevision);
  }

  deliver(frame: WatchFrame): void {
    if (this.#phase === 'unknown') return;
    const { metadata } = frame.object as { metadata?: ObjectMeta };
    const revision = Number(metadata?.resourceVersion);
    if (frame.type === 'ERROR' || metadata === undefined || Number.isNaN(revision)) this.#phase = 'unknown';
    else if (this.#phase === 'initial') this.#deliverInitial(frame.type, metadata, revision);
    else this.#deliverLive(frame.type, metadata, revision);
  }

  /** The oldest commit that it should have delivered by now; `undefined` when it has delivered all. */
  missing(): LogEntry | undefined {
    if (this.#phase !== 'live') return undefined;
    for (let index = this.#next; index < this.#log.end; index++) {
      const entry = this.#log.at(index);
      if (isDue(this.#expected(entry))) return entry;
    }
    return undefined;
  }

  #goLive(revision: number): void {
    const next = this.#log.after(revision);
    this.#phase = next === undefined ? 'unknown' : 'live';
    this.#next = next ?? 0;
    this.#deliveredRevision = revision;
    this.#initial = new Map();
  }

  #deliverInitial(type: WatchFrame['type'], metadata: ObjectMeta, revision: number): void {
    if (type !== 'BOOKMARK') {
      const key = this.#keyOf(metadata);
      if (type === 'DELETED') this.#initial.delete(key);
      else this.#initial.set(key, String(revision));
      return;
    }
    if (metadata.annotations?.['k8s.io/initial-events-end'] !== 'true') return;
    this.#compareInitial(revision);
    this.#goLive(revision);
  }

  #compareInitial(revision: number): void {
    const { scope, matches } = this.selection;
    const state = this.#log.stateAt(revision);
    if (state === undefined) return;
    for (const [key, object] of state) {
      if (!key.startsWith(scope) || !matches(object)) continue;
      const wanted = object.metadata.resourceVersion;
      const delivered = this.#initial.get(key);
      if (delivered !== wanted)
        this.#say(`began at ${revision} with ${key} at ${delivered ?? 'nothing'}, not ${wanted}`);
      this.#initial.delete(key);
    }
    for (const key of this.#initial.keys())
      this.#say(`began at ${revision} with ${key}, which was not there`);
  }

  #deliverLive(type: WatchFrame['type'], metadata: ObjectMeta, revision: number): void {
    if (!this.#log.holds(this.#next)) {
      this.#phase = 'unknown';
      return;
    }
    this.#skipTo(type === 'BOOKMARK' ? revision + 1 : revision);
    if (type === 'BOOKMARK') return;
    const entry = this.#next < this.#log.end ? this.#log.at(this.#next) : undefined;
    if (entry?.revision !== revision) {
      this.#say(
        `delivered ${type} ${metadata.name} of revision ${revision} after ${this.#deliveredRevision}`,
      );
      return;
    }
    this.#next++;
    this.#deliveredRevision = revision;
    const expected = this.#expected(entry);
    if (expected !== type && expected !== 'any')
      this.#say(`delivered ${type} of revision ${revision}, not ${expected}`);
  }

  /** Everything before `revision` must have come, or be none of this watch's. */
  #skipTo(revision: number): void {
    while (this.#next < this.#log.end) {
      const entry = this.#log.at(this.#next);
      if (entry.revision >= revision) return;
      const expected = this.#expected(entry);
      if (isDue(expected)) this.#say(`left out ${expected} ${entry.key} of revision ${entry.revision}`);
      this.#next++;
    }
  }

  #expected({ key, type, object, before }: LogEntry): Expected {
    const { scope, matches } = this.selection;
    if (!key.startsWith(scope)) return 'none';
    const isIn = matches(object);
    const wasIn = before !== undefined && matches(before);
    // The last words of an object may change what it is selected by.
    if (type === 'delete') return isIn === wasIn ? (wasIn ? 'DELETED' : 'none') : 'any';
    if (isIn) return wasIn ? 'MODIFIED' : 'ADDED';
    return wasIn ? 'DELETED' : 'none';
  }

  #keyOf({ namespace, name }: ObjectMeta): string {
    return `${this.selection.prefix}${namespace === undefined ? '' : `${namespace}/`}${name}`;
  }

  #say(what: string): void {
    this.#report(`the watch ${this.selection.name} ${what}`);
  }
}

function isDue(expected: Expected): boolean {
  return expected !== 'none' && expected !== 'any';
}
