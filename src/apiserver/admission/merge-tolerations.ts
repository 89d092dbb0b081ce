/** Two lists of tolerations as one, without what another one says as well. @see kubernetes/kubernetes pkg/util/tolerations */
import type { Toleration } from '../../api/generated/core-v1.ts';
import { equalJson } from '../../api/json.ts';

/** In their order; of equal ones the first stays. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [index, one] of all.entries()) {
    const isSaid = merged.some((other) => covers(other, one));
    const comes = all.slice(index + 1).some((other) => !equalJson(other, one) && covers(other, one));
    if (!isSaid && !comes) merged.push(one);
  }
  return merged;
}

/** Whether `wide` tolerates everything that `narrow` does. */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (equalJson(wide, narrow)) return true;
  const isEveryKey = !wide.key && wide.operator === 'Exists';
  if (wide.key !== narrow.key && !isEveryKey) return false;
  if (wide.effect && wide.effect !== narrow.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    const { tolerationSeconds } = narrow;
    if (tolerationSeconds === undefined || tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === 'Exists') return true;
  return (
    (wide.operator ?? 'Equal') === 'Equal' &&
    narrow.operator === 'Equal' &&
    (narrow.value ?? '') === (wide.value ?? '')
  );
}
