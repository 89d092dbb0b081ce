/**
 * The newest version of an object that this controller knows: its own last write, until the cache has caught up. Without
 * it, a sync that follows a status write within the watch's lag would write on an old version, and meet a conflict.
 */
import { type KubeObject, keyOf } from '../../api/meta.ts';
import { compareRevisions } from '../../client/revision.ts';

export interface LatestWrites<T> {
  /** `written` is the server's answer to an own write. */
  note(written: T): void;
  /** The newer of `cached` (or what is known of it otherwise) and the own last write of the same object. */
  latest(cached: T): T;
  forget(key: string): void;
}

export function newLatestWrites<T extends KubeObject>(): LatestWrites<T> {
  const writes = new Map<string, T>();
  return {
    note(written) {
      writes.set(keyOf(written), written);
    },
    latest(cached) {
      const key = keyOf(cached);
      const written = writes.get(key);
      if (written === undefined) return cached;
      const isNewer =
        written.metadata.uid === cached.metadata.uid &&
        compareRevisions(written.metadata.resourceVersion, cached.metadata.resourceVersion) > 0;
      if (isNewer) return written;
      // The very object that was noted comes from elsewhere than the cache, which may still be behind.
      if (written !== cached) writes.delete(key);
      return cached;
    },
    forget(key) {
      writes.delete(key);
    },
  };
}
