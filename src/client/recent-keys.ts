/**
 * Keys of objects, each worked out once while its object is recent: in a process with many informers the same frozen object
 * comes to all of them, and what costs most there is to join and hash its key.
 *
 * Two generations of at most {@link GENERATION_MAX}: the older one is forgotten when the younger one is full.
 */
import { type KubeObject, keyOf } from '../api/meta.ts';

const GENERATION_MAX = 1024;

let young = new Map<KubeObject, string>();
let old = new Map<KubeObject, string>();

/** As `keyOf`, for an object that nobody changes any more. */
export function recentKeyOf(object: KubeObject): string {
  let key = young.get(object);
  if (key !== undefined) return key;
  key = old.get(object) ?? keyOf(object);
  if (young.size === GENERATION_MAX) {
    old = young;
    young = new Map();
  }
  young.set(object, key);
  return key;
}
