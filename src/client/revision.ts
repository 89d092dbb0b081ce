/**
 * The order of resource versions. They are decimal numbers of any length, comparable within one resource.
 * @see https://github.com/kubernetes/enhancements/issues/5504 Comparable Resource Version
 */

/** Negative when `a` is older than `b`; 0 when equal. An empty one is older than any other. */
export function compareRevisions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
