/**
 * Every durable write of a cluster, once and in order, across restarts of its server: what a crash kept from being
 * published is told when the next process has opened the store.
 */
import { isCancellation } from '../../base/abort.ts';
import type { Store } from '../../store/store.ts';
import type { ObjectCommitted } from './world-event.ts';

export class CommitFeed {
  readonly #tell: (event: { kind: 'commit' } & ObjectCommitted) => void;
  #stop = new AbortController();
  #revision = 0;

  constructor(tell: (event: { kind: 'commit' } & ObjectCommitted) => void) {
    this.#tell = tell;
  }

  /** From now on the writes are those of `store`. */
  follow(store: Store): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    void this.#read(store, this.#stop.signal);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #read(store: Store, signal: AbortSignal): Promise<void> {
    // A disk that lied may have lost what was told: the feed goes on from what there is.
    const told = Math.min(this.#revision, store.revision);
    const afterRevision = Math.max(told, store.compactedRevision);
    try {
      for await (const events of store.watch('', afterRevision, signal)) {
        for (const { type, key, revision, object, previous } of events) {
          this.#revision = revision;
          this.#tell({
            kind: 'commit',
            revision,
            key,
            type,
            object: object.value,
            previous: previous?.value,
          });
        }
      }
    } catch (error) {
      if (!isCancellation(error, signal)) throw error;
    }
  }
}
