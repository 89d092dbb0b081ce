/**
 * What a delete request does to an object: pure.
 *
 *     present --finalizers, a grace period, or something else holds it--> marked (deletionTimestamp)
 *     present --nothing holds it--> gone
 *     marked  --a shorter grace period--> marked, earlier;  to 0 with nothing else that holds it: gone
 *     marked  --otherwise--> unchanged
 *
 * @see k8s.io/apiserver/pkg/registry/rest/delete.go BeforeDelete,
 *   pkg/registry/generic/registry/store.go updateForGracefulDeletionAndFinalizers
 */
import type { DeleteOptions } from '../../api/generated/meta-v1.ts';
import { parseTimestamp, toTimestamp } from '../../base/clock.ts';
import type { Change } from '../../store/store.ts';
import { type ApiObject, storable } from '../api-object.ts';
import type { Strategy } from './strategies.ts';

export type DeletionPlan =
  /** The object stays, changed: somebody has to finish. */
  | { kind: 'mark'; object: ApiObject }
  | { kind: 'remove'; final: ApiObject }
  /** It is being deleted already, and this request changes nothing. */
  | { kind: 'pending' };

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/** Decides on `old`, which is not changed. @param nowMs wall time */
export function planDeletion(
  strategy: Strategy,
  old: ApiObject,
  options: DeleteOptions,
  nowMs: number,
): DeletionPlan {
  if (old.metadata.deletionTimestamp !== undefined)
    return planAgain(strategy, old, options.gracePeriodSeconds);
  const finalizers = strategy.withoutGarbageCollection
    ? (old.metadata.finalizers ?? [])
    : propagationFinalizers(old.metadata.finalizers ?? [], options);
  const object = withFinalizers(old, finalizers);
  const gracePeriod = strategy.gracePeriod?.(old, options.gracePeriodSeconds);
  const isHeld = finalizers.length > 0 || strategy.isHeld?.(old) === true;
  if (gracePeriod === undefined && !isHeld) return { kind: 'remove', final: old };
  markDeleted(object, gracePeriod ?? 0, nowMs);
  strategy.onMarkedDeleted?.(object);
  return isHeld || (gracePeriod ?? 0) > 0 ? { kind: 'mark', object } : { kind: 'remove', final: object };
}

/** As the store is told. */
export function changeOf(plan: DeletionPlan): Change {
  if (plan.kind === 'pending') return { keep: true };
  return plan.kind === 'mark'
    ? { put: storable(plan.object) }
    : { delete: true, final: storable(plan.final) };
}

/** A second delete may only shorten what is left; it changes no finalizers. */
function planAgain(strategy: Strategy, old: ApiObject, requestedSeconds?: number): DeletionPlan {
  const current = old.metadata.deletionGracePeriodSeconds ?? 0;
  const requested = strategy.gracePeriod === undefined ? undefined : requestedSeconds;
  const isShorter = requested !== undefined && current > 0 && requested < current;
  const period = isShorter ? strategy.gracePeriod!(old, requested) : current;
  const object = isShorter ? withGracePeriod(old, current, period) : old;
  const isHeld = (old.metadata.finalizers ?? []).length > 0 || strategy.isHeld?.(old) === true;
  if (!isHeld && period === 0) return { kind: 'remove', final: object };
  return isShorter ? { kind: 'mark', object } : { kind: 'pending' };
}

function withGracePeriod(old: ApiObject, currentSeconds: number, periodSeconds: number): ApiObject {
  const markedMs = parseTimestamp(old.metadata.deletionTimestamp!) - currentSeconds * 1000;
  const metadata = {
    ...old.metadata,
    deletionTimestamp: toTimestamp(markedMs + periodSeconds * 1000),
    deletionGracePeriodSeconds: periodSeconds,
  };
  return { ...old, metadata };
}

function markDeleted({ metadata }: ApiObject, gracePeriodSeconds: number, nowMs: number): void {
  metadata.deletionTimestamp = toTimestamp(nowMs + gracePeriodSeconds * 1000);
  metadata.deletionGracePeriodSeconds = gracePeriodSeconds;
  if (metadata.generation !== undefined && metadata.generation > 0) metadata.generation++;
}

function withFinalizers(old: ApiObject, finalizers: readonly string[]): ApiObject {
  const { finalizers: _, ...metadata } = old.metadata;
  return {
    ...old,
    metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers: [...finalizers] },
  };
}

/** The garbage collector's finalizers as the request's policy wants them; without a policy they stay as they are. */
function propagationFinalizers(finalizers: readonly string[], options: DeleteOptions): readonly string[] {
  const policy = policyOf(options);
  if (policy === undefined) return finalizers;
  const kept = finalizers.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  if (policy === 'Orphan') kept.push(ORPHAN);
  if (policy === 'Foreground') kept.push(FOREGROUND);
  return kept;
}

function policyOf({ propagationPolicy, orphanDependents }: DeleteOptions): string | undefined {
  if (propagationPolicy !== undefined) return propagationPolicy;
  if (orphanDependents === undefined) return undefined;
  return orphanDependents ? 'Orphan' : 'Background';
}
