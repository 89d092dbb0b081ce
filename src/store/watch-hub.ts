/**
 * Tells watchers of durable versions, each watcher those of its scope.
 *
 * `watch-groups.ts` finds the groups of watchers that a version concerns; a batch is built once for a group and shared by
 * its watchers. Invariant: a watcher is given every version of its scope once, in revision order.
 */
import { StatusError } from '../base/status-error.ts';
import type { Scope, StoreEvent } from './store.ts';
import type { Version } from './version.ts';
import { type WatchGroup, WatchGroups } from './watch-groups.ts';
import { Watcher, type WatcherOwner } from './watcher.ts';

export interface WatchHubOptions {
  /** Events that may wait for one watcher before it is closed with `Expired`. */
  maxBufferedEvents: number;
  currentRevision(): number;
}

export class WatchHub {
  readonly #owner: WatcherOwner;
  readonly #groups = new WatchGroups();
  #watcherCount = 0;

  constructor(options: WatchHubOptions) {
    this.#owner = {
      ...options,
      tooSlow: () => new StatusError('Expired', 'the watch fell too far behind: too many events wait for it'),
      onClosed: (watcher) => this.#remove(watcher),
    };
  }

  /** A watcher that first hands out `past`, then all that is published from now on in `scope`. */
  open(scope: Scope, past: StoreEvent[], signal: AbortSignal): Watcher {
    const watcher = new Watcher(this.#owner, scope, signal);
    if (watcher.ended) return watcher;
    watcher.replay(past);
    this.#groups.add(watcher);
    this.#watcherCount++;
    return watcher;
  }

  /** Tells the watchers; `versions` are durable and in revision order. */
  publish(versions: readonly Version[]): void {
    if (this.#watcherCount === 0) return;
    const touched = new Set<WatchGroup>();
    const concerned: WatchGroup[] = [];
    for (const version of versions) {
      this.#groups.collect(version, concerned);
      if (concerned.length === 0) continue;
      const event = toEvent(version);
      for (const group of concerned) {
        group.batch.push(event);
        touched.add(group);
      }
      concerned.length = 0;
    }
    for (const group of touched) {
      const batch = group.batch;
      group.batch = [];
      for (const watcher of group.watchers) watcher.offer(batch);
    }
  }

  #remove(watcher: Watcher): void {
    if (this.#groups.remove(watcher)) this.#watcherCount--;
  }
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
