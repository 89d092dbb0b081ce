/**
 * What a controller has itself created and deleted, until its cache shows it: the difference between the cache and the
 * world that only the writer knows. Applied to what is read from the cache it gives the observation on which a pure
 * reconciler may count, so that no lag of the watch makes it create or delete twice.
 *
 * Upstream counts events and waits until the counts are met (or 5 min are over); here the writes are data, so work goes on
 * at once and nothing needs a timeout:
 *
 *     created    until the cache shows the object's uid, or has passed the revision of its creation (it was deleted since)
 *     unknown    a creation that failed, perhaps only its answer: the same name is tried again, so it never exists twice
 *     deleted    until the cache shows the object terminating, or no longer shows it
 *
 * Invariant: for one owner, called by one worker at a time, `observe` never shows fewer objects than exist because of own
 * creations, nor shows as alive what was deleted.
 *
 * @see k8s.io/kubernetes/pkg/controller/controller_utils.go UIDTrackingControllerExpectations
 */
import { type KubeObject, keyOf } from '../../api/meta.ts';
import type { Informer } from '../../client/informer.ts';
import { compareRevisions } from '../../client/revision.ts';

export interface Expectations<T> {
  created(ownerUid: string, object: T): void;
  /** A creation failed, or its answer was lost; `name` is the name that was asked for. */
  creationUnknown(ownerUid: string, name: string): void;
  /** Takes a name whose creation may or may not have happened, to be used for the next creation. */
  takeUnknownName(ownerUid: string): string | undefined;
  /** Deletion was asked for at `deletionTimestamp`, and accepted (or the object was already gone). */
  deleted(ownerUid: string, uid: string, deletionTimestamp: string): void;
  /** `cached` with everything in flight applied. Forgets what the cache shows by now. */
  observe(ownerUid: string, cached: readonly T[]): T[];
  /** The owner is gone. */
  forget(ownerUid: string): void;
}

interface Flight<T> {
  created: Map<string, T>;
  unknownNames: Set<string>;
  /** Deletion time by uid. */
  deleted: Map<string, string>;
}

/** Bounded by the writes of one sync per owner, and by owners with writes in flight. */
export function newExpectations<T extends KubeObject>(
  informer: Pick<Informer<T>, 'get' | 'revision'>,
): Expectations<T> {
  return new OwnWrites(informer);
}

class OwnWrites<T extends KubeObject> implements Expectations<T> {
  readonly #informer: Pick<Informer<T>, 'get' | 'revision'>;
  readonly #flights = new Map<string, Flight<T>>();

  constructor(informer: Pick<Informer<T>, 'get' | 'revision'>) {
    this.#informer = informer;
  }

  created(ownerUid: string, object: T): void {
    this.#flight(ownerUid).created.set(object.metadata.uid, object);
  }

  creationUnknown(ownerUid: string, name: string): void {
    this.#flight(ownerUid).unknownNames.add(name);
  }

  takeUnknownName(ownerUid: string): string | undefined {
    const names = this.#flights.get(ownerUid)?.unknownNames;
    if (names === undefined) return undefined;
    const [name] = names;
    if (name !== undefined) names.delete(name);
    return name;
  }

  deleted(ownerUid: string, uid: string, deletionTimestamp: string): void {
    this.#flight(ownerUid).deleted.set(uid, deletionTimestamp);
  }

  observe(ownerUid: string, cached: readonly T[]): T[] {
    const flight = this.#flights.get(ownerUid);
    if (flight === undefined) return [...cached];
    this.#land(flight, cached);
    if (flight.created.size + flight.unknownNames.size + flight.deleted.size === 0) {
      this.#flights.delete(ownerUid);
      return [...cached];
    }
    return [...cached, ...flight.created.values()].map((object) => withDeletion(object, flight.deleted));
  }

  forget(ownerUid: string): void {
    this.#flights.delete(ownerUid);
  }

  #flight(ownerUid: string): Flight<T> {
    let flight = this.#flights.get(ownerUid);
    if (flight === undefined) {
      flight = { created: new Map(), unknownNames: new Set(), deleted: new Map() };
      this.#flights.set(ownerUid, flight);
    }
    return flight;
  }

  /** Forgets what the cache shows by now. */
  #land(flight: Flight<T>, cached: readonly T[]): void {
    for (const [uid, object] of flight.created) {
      const isSeen = this.#informer.get(keyOf(object))?.metadata.uid === uid;
      const isPast = compareRevisions(this.#informer.revision, object.metadata.resourceVersion) >= 0;
      if (isSeen || isPast) flight.created.delete(uid);
    }
    const alive = new Set<string>(flight.created.keys());
    for (const { metadata } of cached) {
      flight.unknownNames.delete(metadata.name);
      if (metadata.deletionTimestamp === undefined) alive.add(metadata.uid);
    }
    for (const uid of flight.deleted.keys()) if (!alive.has(uid)) flight.deleted.delete(uid);
  }
}

function withDeletion<T extends KubeObject>(object: T, deleted: ReadonlyMap<string, string>): T {
  const deletionTimestamp = deleted.get(object.metadata.uid);
  if (deletionTimestamp === undefined || object.metadata.deletionTimestamp !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, deletionTimestamp } };
}
