/**
 * Checks that a history of operations on single keys is linearizable: that all answers are as if each operation had taken
 * effect at one moment between its invocation and its answer. Keys are independent of each other (linearizability is local,
 * Herlihy and Wing 1990), so each is checked by itself.
 */
import { type Counterexample, toCounterexample } from './counterexample.ts';
import { ExcerptChecker, prefixOf } from './excerpt.ts';
import { type SearchResult, searchLinearization } from './linearization-search.ts';
import type { RecordedOperation } from './operation-history.ts';

export type LinearizabilityVerdict =
  | { verdict: 'linearizable' }
  | {
      verdict: 'violated';
      key: string;
      /** Few operations that cannot be explained by themselves. */
      counterexample: readonly RecordedOperation[];
      /** The same for people. */
      report: string;
    }
  /** Too many operations at once on this key to search through; no other key is violated. */
  | { verdict: 'undecided'; key: string };

/** What may be spent on finding a small counterexample, in configurations: about a second. */
const COUNTEREXAMPLE_EFFORT = 100_000;

/** `operations` as {@link newHistory} records them; no key exists at first. */
export function checkLinearizability(
  operations: readonly RecordedOperation[],
  options: { configurationsMax?: number } = {},
): LinearizabilityVerdict {
  const byKey = Map.groupBy(operations, ({ operation }) => operation.key);
  let undecided: string | undefined;
  for (const [key, ofKey] of [...byKey].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const result = searchLinearization(ofKey, options);
    if (result.found === 'order') continue;
    const counterexample = findCounterexample(ofKey, result);
    if (counterexample !== undefined) return { verdict: 'violated', key, ...counterexample };
    undecided ??= key;
  }
  return undecided === undefined ? { verdict: 'linearizable' } : { verdict: 'undecided', key: undecided };
}

/**
 * A search that found no order was stuck at some answer: what was shortly before usually shows why. Where the search gave up,
 * that decides after all.
 */
function findCounterexample(
  operations: readonly RecordedOperation[],
  { found, stuckAt }: SearchResult,
): Counterexample | undefined {
  const checker = new ExcerptChecker(COUNTEREXAMPLE_EFFORT);
  const prefix = prefixOf(operations, stuckAt);
  const excerpt = checker.violatedEnd(prefix) ?? (found === 'none' ? prefix : undefined);
  return excerpt === undefined ? undefined : toCounterexample(excerpt, operations, checker);
}
