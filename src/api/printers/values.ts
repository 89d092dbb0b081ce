/** Cell values that several kinds share. @see k8s.io/kubernetes/pkg/printers/internalversion/printers.go */
import { formatAge } from '../../base/duration.ts';
import type { Container } from '../generated/core-v1.ts';

export const NONE = '<none>';
export const UNKNOWN = '<unknown>';

interface Timestamped {
  metadata: { creationTimestamp?: string };
}

/** Time since creation, `5m`. */
export function age(object: Timestamped, nowMs: number): string {
  return since(object.metadata.creationTimestamp, nowMs);
}

export function since(timestamp: string | undefined, nowMs: number): string {
  return timestamp === undefined ? UNKNOWN : formatAge(nowMs - Date.parse(timestamp));
}

/** `a=b,c=d`, sorted as upstream prints label sets. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? NONE : entries.map(([key, value]) => `${key}=${value}`).join(',');
}

export function joinNames(containers: readonly Container[] | undefined): string {
  return (containers ?? []).map((container) => container.name).join(',');
}

export function joinImages(containers: readonly Container[] | undefined): string {
  return (containers ?? []).map((container) => container.image ?? '').join(',');
}

/** The first three of `values`, and how many more there are. */
export function abbreviate(values: readonly string[], shown = 3): string {
  if (values.length === 0) return NONE;
  const more = values.length - shown;
  return more > 0 ? `${values.slice(0, shown).join(',')} + ${more} more...` : values.join(',');
}
