/** Makes of an excerpt that cannot be explained one of few operations, and tells it to people. */
import { type Excerpt, type ExcerptChecker, isObservation } from './excerpt.ts';
import { searchLinearization } from './linearization-search.ts';
import type {
  RecordedOperation,
  RegisterAnswer,
  RegisterOperation,
  RegisterValue,
} from './operation-history.ts';

export interface Counterexample {
  counterexample: readonly RecordedOperation[];
  report: string;
}

/** `excerpt` is of `operations`, which are all of one key, and cannot be explained. */
export function toCounterexample(
  excerpt: Excerpt,
  operations: readonly RecordedOperation[],
  checker: ExcerptChecker,
): Counterexample {
  const core = new Set(minimized(excerpt, checker).map(({ invoked }) => invoked));
  const counterexample = operations.filter(
    (operation) => core.has(operation.invoked) || isOrigin(operation, operations, core),
  );
  counterexample.sort((a, b) => a.invoked - b.invoked);
  return { counterexample, report: reportOf(counterexample, operations.length - counterexample.length) };
}

/** Leaves out what the violation does not need. */
function minimized(excerpt: Excerpt, checker: ExcerptChecker): readonly RecordedOperation[] {
  const lost = excerpt.kept.filter(({ answer }) => answer === undefined);
  const answered = excerpt.kept.filter(({ answer }) => answer !== undefined);
  const changes = answered.filter((operation) => !isObservation(operation));
  const observations = smallest(answered.filter(isObservation), (kept) =>
    checker.isViolated({ ...excerpt, kept: [...changes, ...kept, ...lost] }),
  );
  const keptChanges = smallest(changes, (kept) => {
    const left = new Set(kept);
    const optional = [...excerpt.optional, ...changes.filter((change) => !left.has(change))];
    return checker.isViolated({ ...excerpt, kept: [...kept, ...observations, ...lost], optional });
  });
  // What was lost may never have happened: without it there is less to explain with, so it need not be shown.
  return [...keptChanges, ...observations];
}

/** A part of `items`, of which none can be left out any more, for which `holds`; it holds for all of them. */
function smallest(
  items: readonly RecordedOperation[],
  holds: (kept: readonly RecordedOperation[]) => boolean,
): readonly RecordedOperation[] {
  let kept = items;
  for (let size = Math.ceil(items.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length; ) {
      const fewer = kept.toSpliced(from, size);
      if (holds(fewer)) kept = fewer;
      else from += size;
    }
  }
  return kept;
}

/** Whether `operation` alone wrote a value that the operations of `core` speak of: it says where that came from. */
function isOrigin(
  operation: RecordedOperation,
  operations: readonly RecordedOperation[],
  core: ReadonlySet<number>,
): boolean {
  const value = writtenBy(operation);
  if (value === undefined) return false;
  const writers = operations.filter((other) => writtenBy(other) === value);
  return (
    writers.length === 1 && operations.some((other) => core.has(other.invoked) && comparedBy(other) === value)
  );
}

function writtenBy(recorded: RecordedOperation): RegisterValue {
  const { operation } = recorded;
  return isObservation(recorded) || !('value' in operation) ? undefined : operation.value;
}

function comparedBy({ operation, answer }: RecordedOperation): RegisterValue {
  if (operation.do === 'swap') return operation.expected;
  return answer !== undefined && 'value' in answer ? answer.value : undefined;
}

function reportOf(counterexample: readonly RecordedOperation[], leftOut: number): string {
  const { order } = searchLinearization(counterexample);
  const explained = new Set(order);
  const inexplicable = counterexample.filter(
    (operation) => operation.answer !== undefined && !explained.has(operation),
  );
  const lines = counterexample.map((operation) => `  ${lineOf(operation)}`);
  const key = counterexample[0]?.operation.key ?? '';
  return [
    `No order of these operations on ${key} explains what they answered (${leftOut} others do not matter):`,
    ...lines,
    `Explained at best: ${order.map(shortOf).join(', ') || 'none'}.`,
    `Not explained then: ${inexplicable.map(shortOf).join(', ')}.`,
  ].join('\n');
}

function lineOf(recorded: RecordedOperation): string {
  const until = recorded.answer === undefined ? '?' : String(recorded.completedMs);
  const span = `${recorded.invokedMs} .. ${until} ms`.padEnd(22);
  return `${span} ${recorded.client.padEnd(10)} ${shortOf(recorded)}`;
}

function shortOf({ operation, answer }: RecordedOperation): string {
  return `${nameOf(operation)} -> ${answer === undefined ? 'no answer' : answerOf(operation, answer)}`;
}

function nameOf(operation: RegisterOperation): string {
  switch (operation.do) {
    case 'write':
      return `write ${operation.value}`;
    case 'swap':
      return `swap ${operation.expected ?? 'nothing'} for ${operation.value ?? 'nothing'}`;
    case 'read':
    case 'delete':
      return operation.do;
  }
}

function answerOf(operation: RegisterOperation, answer: RegisterAnswer): string {
  if ('value' in answer) return answer.value ?? 'nothing';
  if (answer.done) return 'done';
  return operation.do === 'delete' ? 'nothing there' : 'conflict';
}
