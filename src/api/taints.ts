/**
 * Taints on nodes and the tolerations of Pods.
 * @see k8s.io/component-helpers/scheduling/corev1/helpers.go
 */
import type { Taint, Toleration } from './generated/core-v1.ts';

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';

/** An empty effect tolerates every effect; an empty key with `Exists` tolerates every taint. */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  const operator = toleration.operator || 'Equal';
  if (operator === 'Exists') return true;
  if (operator === 'Equal')
    return (toleration.key ?? '') === taint.key && (toleration.value ?? '') === (taint.value ?? '');
  return comparesTaint(operator, toleration.value, taint.value);
}

/** `Gt` and `Lt` compare whole numbers: the taint's value against the toleration's. */
function comparesTaint(operator: string, tolerated: string | undefined, actual: string | undefined): boolean {
  const wanted = Number(tolerated);
  const found = Number(actual);
  if (!Number.isInteger(wanted) || !Number.isInteger(found)) return false;
  return operator === 'Gt' ? found > wanted : operator === 'Lt' && found < wanted;
}

/** The first of `taints` with one of `effects` that nothing in `tolerations` tolerates. */
export function findUntoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly TaintEffect[],
): Taint | undefined {
  return taints?.find(
    (taint) =>
      (effects as readonly string[]).includes(taint.effect) &&
      !tolerations?.some((toleration) => toleratesTaint(toleration, taint)),
  );
}
