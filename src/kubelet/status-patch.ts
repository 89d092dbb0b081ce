/**
 * The smallest strategic merge patch that brings one status to another. Conditions merge by type, so those of other
 * writers (readiness gates, DisruptionTarget) stay untouched; container statuses are replaced as whole lists. Pure.
 */
import type { Pod, PodCondition, PodStatus } from '../api/generated/core-v1.ts';
import type { JsonObject, JsonValue } from '../api/json.ts';
import { RESIZE_IN_PROGRESS, RESIZE_PENDING } from '../api/pod-resize.ts';

/** Lists that merge by key unless told otherwise. */
const MERGED_LISTS: readonly (keyof PodStatus)[] = ['podIPs', 'hostIPs'];
/** Conditions that are there only while they are so. */
const PASSING_CONDITIONS: readonly string[] = [RESIZE_PENDING, RESIZE_IN_PROGRESS];
/** What the kubelet takes away again when it is no longer so; everything else that it did not compute is another's. */
const CLEARED: readonly (keyof PodStatus)[] = ['reason', 'message', 'podIP', 'podIPs'];

/** `undefined` when there is nothing to change. The Pod's uid guards against a namesake. */
export function statusPatch(pod: Pod, wanted: PodStatus): JsonObject | undefined {
  const current = pod.status ?? {};
  const status: JsonObject = {};
  for (const [key, value] of Object.entries(wanted) as [keyof PodStatus, JsonValue][]) {
    if (key === 'conditions' || isSame(current[key], value)) continue;
    status[key] = MERGED_LISTS.includes(key) ? [{ $patch: 'replace' }, ...(value as JsonValue[])] : value;
  }
  for (const key of CLEARED) {
    if (current[key] !== undefined && wanted[key] === undefined) status[key] = null;
  }
  const conditions = changedConditions(current.conditions ?? [], wanted.conditions ?? []);
  if (conditions.length > 0) status['conditions'] = conditions;
  return Object.keys(status).length === 0 ? undefined : { metadata: { uid: pod.metadata.uid }, status };
}

function changedConditions(current: readonly PodCondition[], wanted: readonly PodCondition[]): JsonObject[] {
  const passed = current.filter(
    ({ type }) => PASSING_CONDITIONS.includes(type) && !wanted.some((condition) => condition.type === type),
  );
  const changed = wanted.flatMap((condition) => {
    const known = current.find(({ type }) => type === condition.type);
    if (known !== undefined && isSame(known, condition)) return [];
    const cleared: JsonObject = {};
    if (known?.reason !== undefined && condition.reason === undefined) cleared['reason'] = null;
    if (known?.message !== undefined && condition.message === undefined) cleared['message'] = null;
    return [{ ...(condition as unknown as JsonObject), ...cleared }];
  });
  return [...changed, ...passed.map(({ type }) => ({ $patch: 'delete', type }))];
}

/** Deep equality of JSON values; absent, null, and an empty object or list count as the same, as they do on the wire. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b || (isEmpty(a) && isEmpty(b))) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  // Statuses are compared at every look: no lists of keys are made for it.
  for (const key in left) if (key !== 'lastProbeTime' && !isSame(left[key], right[key])) return false;
  for (const key in right) {
    if (key !== 'lastProbeTime' && left[key] === undefined && !isEmpty(right[key])) return false;
  }
  return true;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return false;
  for (const _ in value) return false;
  return true;
}
