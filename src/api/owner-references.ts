/** Who owns an object, and who controls it: the one owner reference with `controller: true`. */
import type { ObjectMeta, OwnerReference } from './generated/meta-v1.ts';
import { type GroupVersionKind, type KubeObject, splitApiVersion, toApiVersion } from './meta.ts';

interface Owned {
  metadata: Pick<ObjectMeta, 'ownerReferences'>;
}

/** The reference to the object's controller. At most one exists: validation sees to it. */
export function controllerOf(object: Owned): OwnerReference | undefined {
  const references = object.metadata.ownerReferences;
  if (references === undefined) return undefined;
  for (const reference of references) if (reference.controller === true) return reference;
  return undefined;
}

/** Controlled by exactly this object, not by a namesake of an earlier life. */
export function isControlledBy(object: Owned, owner: { metadata: Pick<ObjectMeta, 'uid'> }): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** True when the reference names the kind, in any version of its group. */
export function refersToKind(
  reference: OwnerReference,
  { group, kind }: Pick<GroupVersionKind, 'group' | 'kind'>,
): boolean {
  return reference.kind === kind && splitApiVersion(reference.apiVersion).group === group;
}

/** What a controller writes into the objects that it creates. @see metav1.NewControllerRef */
export function newControllerRef(owner: Pick<KubeObject, 'metadata'>, gvk: GroupVersionKind): OwnerReference {
  return {
    apiVersion: toApiVersion(gvk.group, gvk.version),
    kind: gvk.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}
