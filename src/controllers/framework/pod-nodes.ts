/** Pods by the node that they are assigned to: one index, shared by all who ask what runs on a node. */
import type { Pod } from '../../api/generated/core-v1.ts';
import type { Informer, Lister } from '../../client/informer.ts';

const INDEX = 'node';

/** Must be called once, before {@link podsOnNode}; idempotent. */
export function addPodNodeIndex(pods: Informer<Pod>): void {
  pods.addIndex(INDEX, (pod) => (isAssigned(pod) ? [pod.spec.nodeName] : []));
}

/** Also terminating and ended ones, in key order. */
export function podsOnNode(pods: Lister<Pod>, nodeName: string): readonly Pod[] {
  return pods.byIndex(INDEX, nodeName);
}

/** A scheduler, or whoever created the Pod, has given it a node. */
export function isAssigned(pod: Pod): pod is Pod & { spec: { nodeName: string } } {
  return pod.spec.nodeName !== undefined && pod.spec.nodeName !== '';
}
