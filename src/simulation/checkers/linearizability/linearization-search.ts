/**
 * The search for an order of the operations on one register that explains all answers, each operation at some moment between
 * its invocation and its answer. After Wing and Gong (1993) with Lowe's memory of configurations that lead nowhere (2017),
 * as in Porcupine, and three things that registers allow:
 *
 * - An operation that changes nothing and fits the present state is taken at once: in any order that works, it could be first.
 * - Lost answers that would do the same are taken in the order of their invocation: any other choice is the same again.
 * - A configuration that has used up at least the lost answers that a failed one had, and is otherwise equal, fails too.
 *
 * Explored depth first with a stack of its own; bounded, since the problem is NP-complete: past the bound nothing is known.
 */
import type { RecordedOperation } from './operation-history.ts';
import {
  ABSENT,
  isPossible,
  type RegisterStep,
  type RegisterSteps,
  toRegisterSteps,
} from './register-steps.ts';

export interface SearchResult {
  found: 'order' | 'none' | 'bound reached';
  /** The longest order that explains the answers of its own: the whole one where there is one. */
  order: readonly RecordedOperation[];
  /** The answer that could not be passed: all that was answered before it can be explained, as far as was searched. */
  stuckAt: number;
  /** How many configurations were looked at. */
  configurations: number;
}

export interface SearchOptions {
  configurationsMax?: number;
  /** What is there at first; default nothing. */
  startsWith?: 'nothing' | 'anything';
  /** Operations that need not have taken effect, whatever they answered. */
  optional?: ReadonlySet<RecordedOperation>;
}

/** A second or two of work; ten thousand operations of eight clients on one key take a few thousand. */
const CONFIGURATIONS_MAX = 100_000;

/** A set of answered operations that have taken effect: those before `frontier` that are not in `open`. */
interface Configuration {
  readonly state: number;
  /** Answered operations that may come next; no more than there are clients. */
  readonly open: readonly RegisterStep[];
  readonly frontier: number;
  /** How many of each group of unanswered ones have taken effect. */
  readonly used: readonly number[];
  readonly taken: Taken | undefined;
}

/** The order so far, last first. */
interface Taken {
  readonly step: RegisterStep;
  readonly before: Taken | undefined;
}

/** `operations` are all of one key. */
export function searchLinearization(
  operations: readonly RecordedOperation[],
  options: SearchOptions = {},
): SearchResult {
  const { configurationsMax = CONFIGURATIONS_MAX, startsWith = 'nothing', optional = new Set() } = options;
  const steps = toRegisterSteps(operations, optional);
  const visited = new VisitedConfigurations();
  const used = steps.unanswered.map(() => 0);
  const stack = (startsWith === 'nothing' ? [ABSENT] : steps.states).map((state) =>
    withFilledWindow(steps, { state, open: [], frontier: 0, used, taken: undefined }),
  );
  let best = stack[0]!;
  let stuckAt = 0;
  let configurations = 0;
  const result = (found: SearchResult['found'], { taken } = best): SearchResult => ({
    found,
    order: orderOf(taken),
    stuckAt,
    configurations,
  });
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const configuration = withObservations(steps, next);
    if (configuration.open.length === 0) return result('order', configuration);
    if (doneCount(configuration) > doneCount(best)) best = configuration;
    stuckAt = Math.max(stuckAt, earliestAnswer(configuration.open));
    if (visited.cover(configuration)) continue;
    if (++configurations > configurationsMax) return result('bound reached');
    visited.add(configuration);
    pushSuccessors(stack, steps, configuration);
  }
  return result('none');
}

/** How many answered operations have taken effect. */
function doneCount({ frontier, open }: Configuration): number {
  return frontier - open.length;
}

function orderOf(taken: Taken | undefined): RecordedOperation[] {
  const order: RecordedOperation[] = [];
  for (let at = taken; at !== undefined; at = at.before) order.push(at.step.recorded);
  return order.reverse();
}

/** Opens what was invoked before the first of the open ones was answered: nothing later can come before that one. */
function withFilledWindow({ answered }: RegisterSteps, configuration: Configuration): Configuration {
  const open = [...configuration.open];
  let { frontier } = configuration;
  let firstAnswer = earliestAnswer(open);
  for (; frontier < answered.length && answered[frontier]!.invoked < firstAnswer; frontier++) {
    open.push(answered[frontier]!);
    firstAnswer = Math.min(firstAnswer, answered[frontier]!.completed);
  }
  return { ...configuration, open, frontier };
}

function earliestAnswer(open: readonly RegisterStep[]): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { completed } of open) earliest = Math.min(earliest, completed);
  return earliest;
}

/** Takes all that change nothing and fit. */
function withObservations(steps: RegisterSteps, start: Configuration): Configuration {
  let configuration = start;
  for (;;) {
    const { state } = configuration;
    const fitting = configuration.open.filter(
      (step) => step.becomes === undefined && isPossible(step, state),
    );
    if (fitting.length === 0) return configuration;
    let { taken } = configuration;
    for (const step of fitting) taken = { step, before: taken };
    const open = configuration.open.filter((step) => !fitting.includes(step));
    configuration = withFilledWindow(steps, { ...configuration, open, taken });
  }
}

/** The likeliest last, so that it is explored first: what was answered first, and lost answers only when need be. */
function pushSuccessors(stack: Configuration[], steps: RegisterSteps, from: Configuration): void {
  const { state, open, used, taken } = from;
  const firstAnswer = earliestAnswer(open);
  for (const [group, members] of steps.unanswered.entries()) {
    const step = members[used[group]!];
    if (step === undefined || step.invoked > firstAnswer) continue;
    if (!isPossible(step, state) || step.becomes === state) continue;
    const usedWithIt = used.with(group, used[group]! + 1);
    stack.push({ ...from, state: step.becomes!, used: usedWithIt, taken: { step, before: taken } });
  }
  for (const step of open.toSorted((a, b) => b.completed - a.completed)) {
    const rest = open.filter((other) => other !== step);
    if (step.optional) stack.push(withFilledWindow(steps, { ...from, open: rest }));
    if (step.becomes === undefined || !isPossible(step, state)) continue;
    const after = { ...from, state: step.becomes, open: rest, taken: { step, before: taken } };
    stack.push(withFilledWindow(steps, after));
  }
}

/** What has been visited: it failed, or all that could follow it waits on the stack. */
class VisitedConfigurations {
  readonly #used = new Map<string, (readonly number[])[]>();

  add(configuration: Configuration): void {
    const key = keyOf(configuration);
    const others = this.#used.get(key);
    if (others === undefined) this.#used.set(key, [configuration.used]);
    else others.push(configuration.used);
  }

  /** Whether an equal one that had more left to use has been here. */
  cover(configuration: Configuration): boolean {
    const { used } = configuration;
    const others = this.#used.get(keyOf(configuration)) ?? [];
    return others.some((other) => other.every((count, group) => count <= used[group]!));
  }
}

function keyOf({ state, frontier, open }: Configuration): string {
  let key = `${state} ${frontier}`;
  for (const { invoked } of open) key += ` ${invoked}`;
  return key;
}
