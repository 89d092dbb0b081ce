/**
 * Objects whose cached version a Conflict has shown to be behind. The cache may stay so for long (its watch is slow, other
 * kinds' are not), and the object may be gone or another one of its name by now: then whatever is made for it is taken away
 * by the garbage collector, and its end is a reason to make it again, as fast as requests travel. So the object is asked for
 * before the next decision, and nothing is decided for one that is not there.
 */
import { type KubeObject, keyOf } from '../../api/meta.ts';
import type { ResourceRef } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { findObject } from '../../client/find-object.ts';

export class DoubtedOwners<T extends KubeObject> {
  readonly #client: Pick<ApiClient, 'get'>;
  readonly #resource: ResourceRef<T>;
  /** Bounded by the objects whose last sync met a Conflict. */
  readonly #keys = new Set<string>();

  constructor(client: Pick<ApiClient, 'get'>, resource: ResourceRef<T>) {
    this.#client = client;
    this.#resource = resource;
  }

  /** `sync` of `key`; a Conflict that it meets makes the object doubted. @throws what `sync` throws */
  async watchOver<R>(key: string, sync: Promise<R>): Promise<R> {
    return sync.catch((error: unknown) => {
      if (hasReason(error, 'Conflict')) this.#keys.add(key);
      throw error;
    });
  }

  /**
   * False when the object is gone, or another one of its name. One that is there is decided for by what the cache shows:
   * what it owns is seen as late. @throws StatusError of the read
   */
  async isThere(known: T, signal: AbortSignal): Promise<boolean> {
    const key = keyOf(known);
    if (!this.#keys.has(key)) return true;
    const { name, namespace = '', uid } = known.metadata;
    const live = await findObject(this.#client, this.#resource, { namespace, name }, signal);
    if (live?.metadata.uid !== uid) return false;
    this.#keys.delete(key);
    return true;
  }

  /** The cache shows that it is gone. */
  forget(key: string): void {
    this.#keys.delete(key);
  }
}
