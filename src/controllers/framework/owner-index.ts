/** Finds the objects that one owner controls, and the orphans of a namespace, without walking the whole cache. */
import type { KubeObject } from '../../api/meta.ts';
import { controllerOf } from '../../api/owner-references.ts';
import type { Informer, Lister } from '../../client/informer.ts';

const INDEX = 'controller';

/** Must be called once, before {@link controlledBy} and {@link orphansIn}; idempotent. */
export function addControllerIndex<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(INDEX, (object) => [
    controllerOf(object)?.uid ?? orphanValue(object.metadata.namespace ?? ''),
  ]);
}

export function controlledBy<T>(lister: Lister<T>, owner: { metadata: { uid: string } }): readonly T[] {
  return lister.byIndex(INDEX, owner.metadata.uid);
}

export function orphansIn<T>(lister: Lister<T>, namespace: string): readonly T[] {
  return lister.byIndex(INDEX, orphanValue(namespace));
}

/** No uid contains a slash. */
function orphanValue(namespace: string): string {
  return `orphan/${namespace}`;
}
