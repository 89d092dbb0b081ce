import { type KubeObject, keyOf } from '../../api/meta.ts';
import type { Informer } from '../../client/informer.ts';

/**
 * Whether `object` is still in its cache, after something was waited for. With an object that is deleted goes what is known
 * of writes in flight for it; a sync that goes on without it does all of them again.
 */
export function isStillKnown<T extends KubeObject>(informer: Informer<T>, object: T): boolean {
  return informer.get(keyOf(object))?.metadata.uid === object.metadata.uid;
}
