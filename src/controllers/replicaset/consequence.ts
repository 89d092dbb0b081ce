/** Which changes of a Pod its ReplicaSet must look at. A Pod is written half a dozen times until it runs, and one matters. */
import type { Pod } from '../../api/generated/core-v1.ts';
import { equalJson } from '../../api/json.ts';
import { isPodTerminal, isPodTerminating, readySinceMs } from '../../api/pod-conditions.ts';

/**
 * Whether a ReplicaSet may decide or report otherwise: what it counts, its selector matches or it waits for has changed. What
 * only ranks Pods to delete is read when they are deleted.
 */
export function changesReplicaSet(pod: Pod, previous: Pod): boolean {
  return (
    isPodTerminal(pod) !== isPodTerminal(previous) ||
    isPodTerminating(pod) !== isPodTerminating(previous) ||
    readySinceMs(pod) !== readySinceMs(previous) ||
    !equalJson(pod.metadata.labels, previous.metadata.labels)
  );
}
