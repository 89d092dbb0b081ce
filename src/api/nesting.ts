/** How deep JSON from outside may nest: everything that walks a value afterwards may then recurse. */

/** Go's own bound is 10,000; stacks here are smaller. */
export const NESTING_MAX = 1000;

/** Whether no list or object in `value` lies in more than `levels` others. */
export function isNestedWithin(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (!isNestedWithin(item, levels - 1)) return false;
    return true;
  }
  for (const field in value) {
    if (!isNestedWithin((value as Record<string, unknown>)[field], levels - 1)) return false;
  }
  return true;
}
