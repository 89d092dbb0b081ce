/**
 * Operations on one register as data for the search: what must be there, and what is there afterwards. Values are numbers,
 * and those that no operation ever compares with are all the same number, so that histories fall into few states.
 */
import { assert } from '../../../base/assert.ts';
import type { RecordedOperation, RegisterOperation, RegisterValue } from './operation-history.ts';

export const ABSENT = 0;
/** Some value, of those that nobody asks for. */
const OTHER = 1;

export interface RegisterStep {
  readonly recorded: RecordedOperation;
  readonly invoked: number;
  readonly completed: number;
  readonly requires: 'anything' | 'is' | 'is not';
  readonly compared: number;
  /** `undefined`: what it was. */
  readonly becomes: number | undefined;
  /** It need not take effect. */
  readonly optional: boolean;
}

export interface RegisterSteps {
  /** Those with an answer: each took effect between its invocation and its answer. In the order of invocation. */
  readonly answered: readonly RegisterStep[];
  /** Those without: each may take effect after its invocation. In groups that do the same, each in order of invocation. */
  readonly unanswered: readonly (readonly RegisterStep[])[];
  /** All that the register may hold. */
  readonly states: readonly number[];
}

export function isPossible(step: RegisterStep, state: number): boolean {
  if (step.requires === 'anything') return true;
  return (step.requires === 'is') === (state === step.compared);
}

/** The steps of the operations of one key, of which `optional` ones need not have taken effect. */
export function toRegisterSteps(
  operations: readonly RecordedOperation[],
  optional: ReadonlySet<RecordedOperation>,
): RegisterSteps {
  const numbers = numberValues(operations);
  const numberOf = (value: RegisterValue) => numbers.get(value) ?? OTHER;
  const answered: RegisterStep[] = [];
  const groups = new Map<string, RegisterStep[]>();
  for (const recorded of operations.toSorted((a, b) => a.invoked - b.invoked)) {
    // A read that nobody heard the answer of says nothing.
    if (recorded.answer === undefined && recorded.operation.do === 'read') continue;
    const { invoked, completed } = recorded;
    const effect = effectOf(recorded, numberOf);
    const step = { recorded, invoked, completed, ...effect, optional: optional.has(recorded) };
    if (recorded.answer !== undefined) answered.push(step);
    else {
      const name = `${effect.requires} ${effect.compared} ${effect.becomes}`;
      groups.set(name, [...(groups.get(name) ?? []), step]);
    }
  }
  return { answered, unanswered: [...groups.values()], states: [OTHER, ...numbers.values()] };
}

type Effect = Pick<RegisterStep, 'requires' | 'compared' | 'becomes'>;

function effectOf(
  { operation, answer }: RecordedOperation,
  numberOf: (value: RegisterValue) => number,
): Effect {
  if (operation.do === 'read') {
    assert(answer !== undefined && 'value' in answer, 'a read answers with a value');
    return { requires: 'is', compared: numberOf(answer.value), becomes: undefined };
  }
  const done = answer === undefined || ('done' in answer && answer.done);
  const effect = doneEffect(operation, numberOf);
  if (done) return effect;
  assert(effect.requires !== 'anything', 'a write is always done');
  return { ...effect, requires: effect.requires === 'is' ? 'is not' : 'is', becomes: undefined };
}

function doneEffect(
  operation: Exclude<RegisterOperation, { do: 'read' }>,
  numberOf: (value: RegisterValue) => number,
): Effect {
  switch (operation.do) {
    case 'write':
      return { requires: 'anything', compared: ABSENT, becomes: numberOf(operation.value) };
    case 'swap':
      return {
        requires: 'is',
        compared: numberOf(operation.expected),
        becomes: numberOf(operation.value),
      };
    case 'delete':
      return { requires: 'is not', compared: ABSENT, becomes: ABSENT };
  }
}

/** A number of its own for each value that some operation compares with. */
function numberValues(operations: readonly RecordedOperation[]): Map<RegisterValue, number> {
  const numbers = new Map<RegisterValue, number>([[undefined, ABSENT]]);
  const note = (value: RegisterValue) => {
    if (!numbers.has(value)) numbers.set(value, OTHER + numbers.size);
  };
  for (const { operation, answer } of operations) {
    if (operation.do === 'swap') note(operation.expected);
    if (answer !== undefined && 'value' in answer) note(answer.value);
  }
  return numbers;
}
