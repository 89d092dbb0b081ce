/**
 * Tells watchers of durable versions, each watcher those under its prefix.
 *
 * Watchers of the same prefix form a group, and groups hang at the last '/' of their prefix:
 *
 *     '/registry/pods/'         -> group '/registry/pods/'        (every namespace)
 *     '/registry/pods/default/' -> group '/registry/pods/default/', group '/registry/pods/default/web-1' (one object)
 *
 * An event of `/registry/pods/default/web-1` looks up its four or five '/' positions and touches only groups that match;
 * a batch is built once for a group and shared by its watchers. So idle watchers cost nothing for what they do not watch.
 * Invariant: a watcher is given every version under its prefix once, in revision order.
 */
import { StatusError } from '../base/status-error.ts';
import type { StoreEvent } from './store.ts';
import type { Version } from './version.ts';
import { Watcher } from './watcher.ts';

interface WatchGroup {
  readonly prefix: string;
  readonly watchers: Set<Watcher>;
  /** What the running `publish` has found for this group. */
  batch: StoreEvent[];
}

export interface WatchHubOptions {
  /** Events that may wait for one watcher before it is closed with `Expired`. */
  maxBufferedEvents: number;
  currentRevision(): number;
}

export class WatchHub {
  readonly #options: WatchHubOptions;
  readonly #groupsByDirectory = new Map<string, Map<string, WatchGroup>>();
  #watcherCount = 0;

  constructor(options: WatchHubOptions) {
    this.#options = options;
  }

  /** A watcher that first hands out `past`, then all that is published from now on under `prefix`. */
  open(prefix: string, past: StoreEvent[], signal: AbortSignal): Watcher {
    const watcher = new Watcher(
      {
        prefix,
        maxBufferedEvents: this.#options.maxBufferedEvents,
        tooSlow: () =>
          new StatusError('Expired', 'the watch fell too far behind: too many events wait for it'),
        currentRevision: () => this.#options.currentRevision(),
        onClosed: (closed) => this.#remove(closed),
      },
      signal,
    );
    if (watcher.closed) return watcher;
    watcher.replay(past);
    this.#add(watcher);
    return watcher;
  }

  /** Tells the watchers; `versions` are durable and in revision order. */
  publish(versions: readonly Version[]): void {
    if (this.#watcherCount === 0) return;
    const touched = new Set<WatchGroup>();
    for (const version of versions) {
      let event: StoreEvent | undefined;
      for (const group of this.#groupsOf(version.key)) {
        event ??= toEvent(version);
        group.batch.push(event);
        touched.add(group);
      }
    }
    for (const group of touched) {
      const batch = group.batch;
      group.batch = [];
      for (const watcher of group.watchers) watcher.offer(batch);
    }
  }

  *#groupsOf(key: string): Generator<WatchGroup> {
    // The empty directory holds prefixes without any '/'.
    for (let end = 0; ; ) {
      const groups = this.#groupsByDirectory.get(key.slice(0, end));
      if (groups !== undefined) {
        for (const group of groups.values()) if (key.startsWith(group.prefix)) yield group;
      }
      const slash = key.indexOf('/', end);
      if (slash === -1) return;
      end = slash + 1;
    }
  }

  #add(watcher: Watcher): void {
    const directory = directoryOf(watcher.prefix);
    let groups = this.#groupsByDirectory.get(directory);
    if (groups === undefined) {
      groups = new Map();
      this.#groupsByDirectory.set(directory, groups);
    }
    let group = groups.get(watcher.prefix);
    if (group === undefined) {
      group = { prefix: watcher.prefix, watchers: new Set(), batch: [] };
      groups.set(watcher.prefix, group);
    }
    group.watchers.add(watcher);
    this.#watcherCount++;
  }

  #remove(watcher: Watcher): void {
    const directory = directoryOf(watcher.prefix);
    const groups = this.#groupsByDirectory.get(directory);
    const group = groups?.get(watcher.prefix);
    if (groups === undefined || group === undefined || !group.watchers.delete(watcher)) return;
    this.#watcherCount--;
    if (group.watchers.size === 0) groups.delete(watcher.prefix);
    if (groups.size === 0) this.#groupsByDirectory.delete(directory);
  }
}

function directoryOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf('/') + 1);
}

/** `version` as watchers see it. A key that was deleted before has no previous object. */
export function toEvent(version: Version): StoreEvent {
  const previous = version.previous;
  return {
    type: version.deleted ? 'delete' : 'put',
    key: version.key,
    revision: version.revision,
    object: version,
    previous: previous?.deleted === true ? undefined : previous,
  };
}
