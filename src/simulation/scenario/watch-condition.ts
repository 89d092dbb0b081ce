/** Whether a condition holds when it is expected to: asked at every change that concerns it, and at the moments that count. */
import type { ResourceRow } from '../../api/resources.ts';
import { formatGoDuration } from '../../base/duration.ts';
import type { Answer, ClusterView, Condition } from './condition.ts';
import type { Timing } from './timing.ts';

/** What was expected and did not come. */
export interface Failure {
  /** Where the expectation is written. */
  place: string;
  expected: string;
  actual: string;
}

/** An answer and when it was given; `isSettled` when everything of that moment has happened. */
interface Look extends Answer {
  atMs: number;
  isSettled: boolean;
}

/** One way to judge a condition over time. */
interface Judge {
  /** As in "expected ...": `at 50s`. */
  when: string;
  /** Moments at which it is asked once they have settled, whether anything has changed or not. */
  momentsMs: readonly number[];
  /** Takes looks in order of time. @returns a word on what is wrong; `undefined` while nothing is */
  judge(look: Look): string | undefined;
  /** All looks were taken. @param last  look before the end */
  conclude(last: Look | undefined): string | undefined;
}

/** Watches one condition in one run. */
export class ConditionWatch {
  readonly #place: string;
  readonly #condition: Condition;
  readonly #judge: Judge;
  #last: Look | undefined;
  #wrong: string | undefined;

  constructor(expectation: { place: string; condition: Condition; timing: Timing }) {
    this.#place = expectation.place;
    this.#condition = expectation.condition;
    this.#judge = newJudge(expectation.timing);
  }

  get momentsMs(): readonly number[] {
    return this.#judge.momentsMs;
  }

  /** Something has changed. */
  changed(row: ResourceRow, cluster: ClusterView, atMs: number): void {
    if (this.#condition.concerns(row)) this.#look(cluster, atMs, false);
  }

  /** A moment has settled. */
  settled(cluster: ClusterView, atMs: number): void {
    this.#look(cluster, atMs, true);
  }

  conclude(): Failure | undefined {
    const wrong = this.#wrong ?? this.#judge.conclude(this.#last);
    if (wrong === undefined) return undefined;
    return { place: this.#place, expected: `${this.#condition.expected} ${this.#judge.when}`, actual: wrong };
  }

  #look(cluster: ClusterView, atMs: number, isSettled: boolean): void {
    if (this.#wrong !== undefined) return;
    this.#last = { ...this.#condition.evaluate(cluster), atMs, isSettled };
    this.#wrong = this.#judge.judge(this.#last);
  }
}

function newJudge(timing: Timing): Judge {
  if (timing.kind === 'at') return newMomentJudge(timing.atMs);
  const { fromMs, toMs } = timing;
  if (timing.kind === 'within') return newWindowJudge(fromMs, toMs);
  if (timing.kind === 'throughout') return newThroughoutJudge(fromMs, toMs);
  return newBecomesJudge(timing);
}

function newMomentJudge(expectedMs: number): Judge {
  return {
    when: `at ${formatGoDuration(expectedMs)}`,
    momentsMs: [expectedMs],
    judge: ({ atMs, isSettled, holds, actual }) =>
      atMs === expectedMs && isSettled && !holds ? actual : undefined,
    conclude: () => undefined,
  };
}

function newWindowJudge(fromMs: number, toMs: number): Judge {
  let hasHeld = false;
  return {
    when: `between ${formatGoDuration(fromMs)} and ${formatGoDuration(toMs)}`,
    momentsMs: [fromMs, toMs],
    judge({ atMs, holds, isSettled }) {
      if (atMs >= fromMs && atMs <= toMs && (atMs > fromMs || isSettled)) hasHeld ||= holds;
      return undefined;
    },
    conclude: (last) => (hasHeld ? undefined : `it never was; at last ${describe(last)}`),
  };
}

function newThroughoutJudge(fromMs: number, toMs: number): Judge {
  return {
    when: `from ${formatGoDuration(fromMs)} to ${formatGoDuration(toMs)}`,
    momentsMs: [fromMs, toMs],
    judge: ({ atMs, holds, actual, isSettled }) =>
      atMs >= fromMs && atMs <= toMs && (atMs > fromMs || isSettled) && !holds
        ? `at ${formatGoDuration(atMs)} ${actual}`
        : undefined,
    conclude: () => undefined,
  };
}

/** Must not hold at `afterMs`, and from then on hold for the first time within the window. */
function newBecomesJudge({
  fromMs,
  toMs,
  afterMs,
}: {
  fromMs: number;
  toMs: number;
  afterMs: number;
}): Judge {
  const window = fromMs === toMs ? '' : ` to ${formatGoDuration(toMs)}`;
  let firstMs: number | undefined;
  return {
    when: `first at ${formatGoDuration(fromMs)}${window}${afterMs === 0 ? '' : `, looking from ${formatGoDuration(afterMs)} on`}`,
    momentsMs: afterMs === 0 ? [] : [afterMs],
    judge({ atMs, holds, isSettled }) {
      if (
        firstMs !== undefined ||
        !holds ||
        atMs < afterMs ||
        (atMs === afterMs && !isSettled && afterMs > 0)
      ) {
        return undefined;
      }
      firstMs = atMs;
      if (afterMs > 0 && atMs === afterMs) return `it was so already at ${formatGoDuration(atMs)}`;
      return atMs >= fromMs && atMs <= toMs ? undefined : `at ${formatGoDuration(atMs)}`;
    },
    conclude: (last) => (firstMs === undefined ? `never; at last ${describe(last)}` : undefined),
  };
}

function describe(last: Look | undefined): string {
  return last === undefined ? 'nothing was there' : `(${formatGoDuration(last.atMs)}) ${last.actual}`;
}
