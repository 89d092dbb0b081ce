/**
 * Writes whose answers were lost, or that met a newer version: the object may be there, or as it was wanted, while the cache
 * shows neither. (A request that was repeated on its way conflicts with itself.) Whoever decides anew from the cache alone may
 * then want a second thing beside the first. So what became of them is asked first.
 *
 *     attempt(owner, name, write)   remembers the name when no answer came, or Conflict
 *     settle(owner)                 asks for each such object, and tells what was found to those who know of own writes
 *
 * Invariant: between a lost answer and the next decision for its owner lies a read of the object.
 */

import type { KubeObject } from '../../api/meta.ts';
import { isControlledBy } from '../../api/owner-references.ts';
import type { ResourceRef } from '../../api/resources.ts';
import { StatusError } from '../../base/status-error.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { findObject } from '../../client/find-object.ts';

export interface UnsureWritesOptions<T> {
  client: Pick<ApiClient, 'get'>;
  resource: ResourceRef<T>;
  /** Hears of what was found, as of an own write that was answered. */
  readonly onFound: (ownerUid: string, object: T) => void;
}

export class UnsureWrites<T extends KubeObject> {
  readonly #options: UnsureWritesOptions<T>;
  /** Names by owner. Bounded by the writes of one sync. */
  readonly #names = new Map<string, Set<string>>();

  constructor(options: UnsureWritesOptions<T>) {
    this.#options = options;
  }

  /** @throws what `write` throws */
  async attempt<R>(owner: KubeObject, name: string, write: Promise<R>): Promise<R> {
    try {
      return await write;
    } catch (error) {
      if (isUnsure(error)) this.#remember(owner.metadata.uid, name);
      throw error;
    }
  }

  /** @throws StatusError of a read; what is not known yet is asked again next time */
  async settle(owner: KubeObject, signal: AbortSignal): Promise<void> {
    const { uid, namespace = '' } = owner.metadata;
    const names = this.#names.get(uid);
    if (names === undefined) return;
    const { client, resource, onFound } = this.#options;
    for (const name of names) {
      const found = await findObject(client, resource, { namespace, name }, signal);
      if (found !== undefined && isControlledBy(found, owner)) onFound(uid, found);
      names.delete(name);
    }
    this.#names.delete(uid);
  }

  forget(ownerUid: string): void {
    this.#names.delete(ownerUid);
  }

  #remember(ownerUid: string, name: string): void {
    const names = this.#names.get(ownerUid);
    if (names === undefined) this.#names.set(ownerUid, new Set([name]));
    else names.add(name);
  }
}

function isUnsure(error: unknown): boolean {
  return error instanceof StatusError && (error.code >= 500 || error.reason === 'Conflict');
}
