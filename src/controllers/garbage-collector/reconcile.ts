/**
 * What becomes of one object, given what is known of its owners. Pure.
 * @see k8s.io/kubernetes/pkg/controller/garbagecollector/garbagecollector.go attemptToDeleteItem
 */
import type { KubeObject } from '../../api/meta.ts';
import { FOREGROUND, ORPHAN } from './ownership-graph.ts';

/**
 * `solid`: it exists and stays. `gone`: it does not exist, or another object has its name. `waiting`: it is being deleted
 * and waits for this very dependent.
 */
export type OwnerState = 'solid' | 'gone' | 'waiting';

export type CollectionAction =
  | { action: 'keep' }
  /** A solid owner remains: only the references to the others go. */
  | { action: 'dropReferences'; uids: string[] }
  | {
      action: 'delete';
      propagationPolicy: 'Background' | 'Foreground' | 'Orphan';
      /** References that must stop blocking first, since owner and dependents wait for each other. */
      unblock: string[];
    };

/**
 * @param owners  the state of each owner by uid; one for each owner reference
 * @param dependents  what refers to this object; `isWaiting` when it waits for its own dependents
 */
export function reconcileDependent(
  object: KubeObject,
  owners: ReadonlyMap<string, OwnerState>,
  dependents: readonly { isWaiting: boolean }[],
): CollectionAction {
  const references = object.metadata.ownerReferences ?? [];
  const inState = (state: OwnerState): string[] =>
    references.filter(({ uid }) => owners.get(uid) === state).map(({ uid }) => uid);
  const waiting = inState('waiting');
  if (references.length === 0) return { action: 'keep' };
  if (inState('solid').length > 0) {
    const uids = [...inState('gone'), ...waiting];
    return uids.length === 0 ? { action: 'keep' } : { action: 'dropReferences', uids };
  }
  if (waiting.length > 0 && dependents.length > 0) {
    const isCircle = dependents.some(({ isWaiting }) => isWaiting);
    return { action: 'delete', propagationPolicy: 'Foreground', unblock: isCircle ? waiting : [] };
  }
  return { action: 'delete', propagationPolicy: policyOf(object), unblock: [] };
}

/** An earlier request to orphan or to wait stands. */
function policyOf({ metadata }: KubeObject): 'Background' | 'Foreground' | 'Orphan' {
  const { finalizers = [] } = metadata;
  if (finalizers.includes(ORPHAN)) return 'Orphan';
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background';
}
