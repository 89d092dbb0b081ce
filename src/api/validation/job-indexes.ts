/**
 * Sets of a Job's indexes as text: `0,2-4` are 0, 2, 3 and 4.
 * @see k8s.io/kubernetes/pkg/apis/batch/validation/validation.go validateIndexesFormat
 */

interface Interval {
  first: number;
  last: number;
}

/** How many indexes there are, all below `completions`; or why the text cannot be read. */
export function readIndexes(text: string, completions: number): { total: number } | { problem: string } {
  let total = 0;
  let previous: number | undefined;
  for (const part of partsOf(text)) {
    const interval = readInterval(part, completions);
    if (typeof interval === 'string') return { problem: interval };
    if (previous !== undefined && previous >= interval.first)
      return { problem: notIncreasing(previous, interval.first) };
    total += interval.last - interval.first + 1;
    previous = interval.last;
  }
  return { total };
}

/** The first index found in both, walking both in order; what cannot be read is left out. */
export function firstCommonIndex(a: string, b: string, completions: number): number | undefined {
  const [left, right] = [intervalsOf(a, completions), intervalsOf(b, completions)];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const [x, y] = [left[i]!, right[j]!];
    if (x.first <= y.last && y.first <= x.last) return Math.max(x.first, y.first);
    if (x.first <= y.first) i++;
    else j++;
  }
  return undefined;
}

function intervalsOf(text: string, completions: number): Interval[] {
  return partsOf(text)
    .map((part) => readInterval(part, completions))
    .filter((interval) => typeof interval !== 'string');
}

function partsOf(text: string): string[] {
  return text === '' ? [] : text.split(',');
}

function readInterval(text: string, completions: number): Interval | string {
  const limits = text.split('-');
  if (limits.length > 2)
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  const read: number[] = [];
  for (const limit of limits) {
    if (!/^\+?\d{1,18}$/.test(limit))
      return `cannot convert string to integer for index: ${JSON.stringify(limit)}`;
    if (Number(limit) >= completions) return `too large index: ${JSON.stringify(limit)}`;
    read.push(Number(limit));
  }
  const [first = 0, last = first] = read;
  return limits.length === 2 && first >= last ? notIncreasing(first, last) : { first, last };
}

function notIncreasing(previous: number, current: number): string {
  return `non-increasing order, previous: ${previous}, current: ${current}`;
}
