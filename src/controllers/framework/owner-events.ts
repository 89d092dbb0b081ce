/**
 * From an event about a controlled object (a Pod) to the keys of the owners that must look at it: its controller; the one
 * before when it changed hands; or, for an orphan, every owner whose selector matches.
 */
import { type KubeObject, keyOf } from '../../api/meta.ts';
import { controllerOf, refersToKind } from '../../api/owner-references.ts';
import type { ResourceRef } from '../../api/resources.ts';
import type { InformerListener, Lister } from '../../client/informer.ts';

export interface OwnerEvents<O extends KubeObject, T extends KubeObject> {
  ownerResource: ResourceRef<O>;
  owners: Lister<O>;
  /** Whether `owner`'s selector matches the orphan. */
  selects(owner: O, orphan: T): boolean;
  enqueue(key: string): void;
  /** Whether the owner must look again because an object that it keeps has changed so; default: always. */
  isOfConsequence?(object: T, previous: T): boolean;
  /** Called besides, for an update of an object whose owner is known: to requeue for `minReadySeconds`, say. */
  onOwnedUpdate?(ownerKey: string, object: T, previous: T): void;
}

export function newOwnerListener<O extends KubeObject, T extends KubeObject>(
  events: OwnerEvents<O, T>,
): InformerListener<T> {
  const enqueueOwner = (object: T): string | undefined => {
    const key = ownerKeyOf(object, events);
    if (key !== undefined) events.enqueue(key);
    return key;
  };
  const enqueueSelecting = (orphan: T): void => {
    for (const owner of events.owners.list(orphan.metadata.namespace)) {
      if (events.selects(owner, orphan)) events.enqueue(keyOf(owner));
    }
  };
  return {
    onAdd(object) {
      if (controllerOf(object) !== undefined) enqueueOwner(object);
      else if (object.metadata.deletionTimestamp === undefined) enqueueSelecting(object);
    },
    onUpdate(object, previous) {
      const [controller, before] = [controllerOf(object), controllerOf(previous)];
      const isSameOwner = controller?.uid === before?.uid;
      if (!isSameOwner) enqueueOwner(previous);
      if (controller === undefined) {
        enqueueSelecting(object);
        return;
      }
      if (isSameOwner && events.isOfConsequence?.(object, previous) === false) return;
      const key = enqueueOwner(object);
      if (key !== undefined) events.onOwnedUpdate?.(key, object, previous);
    },
    onDelete: enqueueOwner,
  };
}

/** The key of the controller that the object names, when it is of the kind and exists in the cache with that uid. */
export function ownerKeyOf<O extends KubeObject>(
  object: KubeObject,
  { ownerResource, owners }: { ownerResource: ResourceRef<O>; owners: Lister<O> },
): string | undefined {
  const reference = controllerOf(object);
  if (reference === undefined || !refersToKind(reference, ownerResource)) return undefined;
  const { namespace = '' } = object.metadata;
  const key = ownerResource.namespaced ? `${namespace}/${reference.name}` : reference.name;
  return owners.get(key)?.metadata.uid === reference.uid ? key : undefined;
}
