/**
 * Keys of objects, each worked out once while its object is recent: in a process with many informers the same frozen object
 * comes to all of them, and what costs most there is to join and hash its key.
 */
import { type KubeObject, keyOf } from '../api/meta.ts';
import { RecentMap } from '../base/recent-map.ts';

const keys = new RecentMap<KubeObject, string>(1024);

/** As `keyOf`, for an object that nobody changes any more. */
export function recentKeyOf(object: KubeObject): string {
  let key = keys.get(object);
  if (key === undefined) {
    key = keyOf(object);
    keys.set(object, key);
  }
  return key;
}
