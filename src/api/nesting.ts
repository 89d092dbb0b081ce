/** How deep JSON from outside may nest, everything that walks a value afterwards may then recurse; and how much may be in it. */

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

/**
 * How many fields one object may have, at all its levels, and twice the objects and lists that stand in lists: a million empty
 * objects fit a body, and every walk of them takes long. A definition of 1.5 MiB has some 80,000.
 */
export const ENTRIES_MAX = 131_072;

/** What `value` has too much of, if anything: levels, more than {@link NESTING_MAX}, or entries, {@link ENTRIES_MAX}. */
export function findExcess(value: unknown): Excess | undefined {
  return excessOf(value, NESTING_MAX, { entries: ENTRIES_MAX });
}

type Excess = 'levels' | 'entries';

const ITEM_ENTRIES = 2;

function excessOf(value: unknown, levels: number, left: { entries: number }): Excess | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return 'levels';
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item !== 'object') continue;
      const excess = spend(left, ITEM_ENTRIES) ?? excessOf(item, levels - 1, left);
      if (excess !== undefined) return excess;
    }
    return undefined;
  }
  for (const field in value) {
    const item = (value as Record<string, unknown>)[field];
    const excess = spend(left, 1) ?? excessOf(item, levels - 1, left);
    if (excess !== undefined) return excess;
  }
  return undefined;
}

function spend(left: { entries: number }, entries: number): Excess | undefined {
  left.entries -= entries;
  return left.entries < 0 ? 'entries' : undefined;
}
