/**
 * Parts of a history that cannot be explained whatever happened in the rest of it. Each cut is sound, since what is left
 * out could have been whatever it liked:
 *
 *     the end           a prefix of what can be explained can be explained
 *     the beginning     anything may be there at first; a change that reaches into the rest may be of the rest or not
 *     an observation    changes nothing
 *     a change          may have taken effect while it ran, or not
 *
 * (Just to drop a change would make every read of its value a "counterexample".)
 */
import { searchLinearization } from './linearization-search.ts';
import type { RecordedOperation } from './operation-history.ts';

/** A part of a history of one key, with what is known of the rest. */
export interface Excerpt {
  /** These happened as they were answered, in the order of their invocation. */
  kept: readonly RecordedOperation[];
  /** These may have happened while they ran. */
  optional: readonly RecordedOperation[];
  startsWith: 'nothing' | 'anything';
}

/** One excerpt may take so much of the effort. */
const CONFIGURATIONS_MAX = 10_000;
/** What it costs to look at a configuration, in operations that are only read. */
const OPERATIONS_PER_CONFIGURATION = 20;

/** Searches excerpts as long as its effort lasts. */
export class ExcerptChecker {
  /** In configurations. */
  #effortLeft: number;

  constructor(effort: number) {
    this.#effortLeft = effort;
  }

  /** Whether it was found out that nothing explains `excerpt`. */
  isViolated({ kept, optional, startsWith }: Excerpt): boolean {
    if (this.#effortLeft <= 0) return false;
    const operations = [...kept, ...optional];
    const { found, configurations } = searchLinearization(operations, {
      configurationsMax: Math.min(CONFIGURATIONS_MAX, this.#effortLeft),
      startsWith,
      optional: new Set(optional),
    });
    this.#effortLeft -= configurations + operations.length / OPERATIONS_PER_CONFIGURATION;
    return found === 'none';
  }

  /** The last operations of `prefix` that cannot be explained whatever was before; twice as many as need be at most. */
  violatedEnd(prefix: Excerpt): Excerpt | undefined {
    for (let count = 2; count < 2 * prefix.kept.length; count *= 2) {
      const end = lastOf(prefix, count);
      if (this.isViolated(end)) return end;
    }
    return undefined;
  }
}

/** Up to the answer `last`; what is not answered by then is without an answer. */
export function prefixOf(operations: readonly RecordedOperation[], last: number): Excerpt {
  const kept = operations
    .filter(({ invoked }) => invoked < last)
    .map((operation) => (operation.completed <= last ? operation : withoutAnswer(operation)));
  return { kept: kept.sort((a, b) => a.invoked - b.invoked), optional: [], startsWith: 'nothing' };
}

function lastOf({ kept: all }: Excerpt, count: number): Excerpt {
  const index = Math.max(0, all.length - count);
  const { invoked } = all[index]!;
  const reaching = all.slice(0, index).filter(({ completed }) => completed > invoked);
  const lost = reaching.filter(({ answer }) => answer === undefined);
  return {
    kept: [...lost, ...all.slice(index)],
    optional: reaching.filter((operation) => operation.answer !== undefined && !isObservation(operation)),
    startsWith: 'anything',
  };
}

function withoutAnswer(operation: RecordedOperation): RecordedOperation {
  return { ...operation, completed: Infinity, completedMs: Infinity, answer: undefined };
}

/** Changes nothing, whatever else happened. */
export function isObservation({ operation, answer }: RecordedOperation): boolean {
  return operation.do === 'read' || (answer !== undefined && 'done' in answer && !answer.done);
}
