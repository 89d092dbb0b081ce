/**
 * Nothing durable is lost by a crash. What was published is kept in mind, key by key; each time that a server is ready, the
 * store it opened is compared with that: every object is there at its revision or a later one, nothing deleted is back, no
 * revision is given again.
 */
import { equalJson } from '../../api/json.ts';
import type { StoredObject, StoredValue } from '../../store/store.ts';
import type { ObjectCommitted } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';

interface Known {
  revision: number;
  object: StoredValue;
}

export const newDurableStateChecker: CheckerFactory = (cluster, report) => {
  const state = new PublishedState(cluster, report);
  return {
    onEvent(event) {
      state.settleMissing(event.atMs);
      if (event.kind === 'process' && event.what === 'ready') state.compare(event.atMs);
      if (event.kind === 'commit') state.follow(event);
    },
  };
};

class PublishedState {
  readonly #world: CheckedCluster['world'];
  readonly #report: (message: string) => void;
  /** Bounded by the objects that exist; the values are the store's own. */
  #known = new Map<string, Known>();
  #lastRevision = 0;
  /** Not found after a restart: deleted by a write that nobody had heard of, whose commit follows at once, or lost. */
  readonly #missing = new Map<string, number>();
  #missingSinceMs = 0;

  constructor({ world }: CheckedCluster, report: (message: string) => void) {
    this.#world = world;
    this.#report = report;
    this.#learn(world.server.store?.list({ prefix: '' }).objects ?? []);
  }

  follow({ key, type, revision, object }: ObjectCommitted): void {
    if (revision < (this.#known.get(key)?.revision ?? 0)) return;
    this.#lastRevision = Math.max(this.#lastRevision, revision);
    if (type === 'put') {
      this.#known.set(key, { revision, object });
      return;
    }
    this.#known.delete(key);
    this.#missing.delete(key);
  }

  compare(atMs: number): void {
    const { store } = this.#world.server;
    if (store === undefined) return;
    this.#missingSinceMs = atMs;
    const last = this.#lastRevision;
    if (store.revision < last) {
      this.#report(
        `after a restart the store is at revision ${store.revision}; ${last} was published before`,
      );
    }
    for (const [key, known] of this.#known) this.#compareOne(key, known, store.get(key));
    const { objects } = store.list({ prefix: '' });
    for (const { key, revision } of objects) {
      if (revision <= last && !this.#known.has(key)) {
        this.#report(`${key} of revision ${revision} was deleted, and is back after a restart`);
      }
    }
    this.#learn(objects);
  }

  settleMissing(nowMs: number): void {
    if (this.#missing.size === 0 || nowMs === this.#missingSinceMs) return;
    for (const [key, revision] of this.#missing) {
      this.#report(`${key} of revision ${revision} is lost after a restart`);
    }
    this.#missing.clear();
  }

  #compareOne(key: string, { revision, object }: Known, found: StoredObject | undefined): void {
    if (found === undefined) this.#missing.set(key, revision);
    else if (found.revision < revision) {
      this.#report(`${key} is back at revision ${found.revision} after a restart; ${revision} was published`);
    } else if (found.revision === revision && !isSame(found.value, object)) {
      this.#report(`${key} of revision ${revision} differs after a restart from what was published`);
    }
  }

  #learn(objects: readonly StoredObject[]): void {
    this.#known = new Map();
    for (const { key, revision, value } of objects) {
      this.#known.set(key, { revision, object: value });
      this.#lastRevision = Math.max(this.#lastRevision, revision);
    }
  }
}

function isSame(a: StoredValue, b: StoredValue): boolean {
  return a === b || equalJson(a, b);
}
