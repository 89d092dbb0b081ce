/** Whether something of storage is used. Pure. */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/generated/core-v1.ts';
import { controllerOf } from '../../api/owner-references.ts';

/** The claims that `pod` names, those that are made for its ephemeral volumes too. */
export function claimNamesOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${metadata.name}-${name}`];
  });
}

/**
 * Whether `pod` keeps `claim`. Only once it has a node: a kubelet starts no Pod whose claim is going. A Pod that has ended
 * keeps its claims until it is gone, except those that were made for it.
 * @see kubernetes/kubernetes pkg/controller/volume/pvcprotection, podUsesPVC
 */
export function usesClaim(pod: Pod, { metadata }: PersistentVolumeClaim): boolean {
  if (!pod.spec.nodeName) return false;
  return (pod.spec.volumes ?? []).some(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim?.claimName === metadata.name) return true;
    if (ephemeral === undefined || isShutDown(pod)) return false;
    const isForPod = controllerOf({ metadata })?.uid === pod.metadata.uid;
    return isForPod && `${pod.metadata.name}-${name}` === metadata.name;
  });
}

/** The kubelet is done with it, or it was deleted by force. */
function isShutDown({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;
}

export function isVolumeBound({ status }: PersistentVolume): boolean {
  return status?.phase === 'Bound';
}
