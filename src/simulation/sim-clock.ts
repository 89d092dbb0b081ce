/**
 * Virtual time. Nothing happens until the test or the simulation advances the clock; then timers fire in order of their
 * due time, those of one instant in the order in which they were set, and everything that a callback sets in motion
 * (any depth of promises) has settled before the next timer fires or the call returns.
 *
 * Invariant: two runs that set the same timers from the same callbacks see the same order and the same times.
 */
import { assert } from '../base/assert.ts';
import { type Clock, sleepByTimer, type Timer } from '../base/clock.ts';
import { takeSteps } from './sim-turn.ts';

export interface SimulatedClock extends Clock {
  /** Moves time forward by `delayMs`, firing what falls due up to and including that moment. 0 fires what is due now. */
  advance(delayMs: number): Promise<void>;
  /** As {@link advance}, to a wall time; one that has passed is an error. */
  advanceTo(wallMs: number): Promise<void>;
  /**
   * Advances from timer to timer until none is left. For finite work: periodic loops never become idle, and past
   * `limitMs` (default one hour) of virtual time that is an assertion failure.
   */
  runUntilIdle(limitMs?: number): Promise<void>;
  /** Lets everything that waits for no timer run, without moving time. */
  settle(): Promise<void>;
  /** Moves wall time (not monotonic time, not the timers), as a clock correction does. */
  jumpWall(deltaMs: number): void;
  /** How many timers are set. */
  readonly pendingTimers: number;
  /** How far the earliest timer is away, ms; `undefined` when none is set. */
  readonly nextTimerMs: number | undefined;
}

/** 2026-01-01T00:00:00Z, so that timestamps in tests are whole. */
export const SIMULATION_START_MS = Date.UTC(2026, 0, 1);

/** A loop of zero-delay timers that never lets time pass is a bug in what is simulated. */
const TIMERS_PER_INSTANT_MAX = 1_000_000;

/** A clock that stands at wall time `startMs` until it is advanced. */
export function newSimulatedClock(startMs: number = SIMULATION_START_MS): SimulatedClock {
  return new VirtualClock(startMs);
}

/** Timers of one moment, in the order in which they were set. Thousands of nodes beat in step, and share their moments. */
interface Moment {
  readonly dueMs: number;
  readonly timers: PendingTimer[];
  /** How many of them are over: fired, or found cancelled. */
  over: number;
}

class VirtualClock implements SimulatedClock {
  #elapsedMs = 0;
  #wallOffsetMs: number;
  #pending = 0;
  readonly #moments = new Map<number, Moment>();
  readonly #upcoming = new MomentHeap();
  readonly #forget = () => {
    this.#pending--;
  };

  constructor(startMs: number) {
    this.#wallOffsetMs = startMs;
  }

  get pendingTimers(): number {
    return this.#pending;
  }

  get nextTimerMs(): number | undefined {
    const moment = this.#next();
    return moment === undefined ? undefined : Math.max(0, moment.dueMs - this.#elapsedMs);
  }

  now(): number {
    return this.#wallOffsetMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  jumpWall(deltaMs: number): void {
    this.#wallOffsetMs += deltaMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    assert(!Number.isNaN(delayMs), 'a timer needs a delay that is a number');
    const dueMs = this.#elapsedMs + Math.max(0, delayMs);
    const timer = new PendingTimer(callback, this.#forget);
    this.#pending++;
    const moment = this.#moments.get(dueMs);
    if (moment === undefined) this.#add({ dueMs, timers: [timer], over: 0 });
    else moment.timers.push(timer);
    return timer;
  }

  #add(moment: Moment): void {
    this.#moments.set(moment.dueMs, moment);
    this.#upcoming.push(moment);
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return sleepByTimer(this, delayMs, signal);
  }

  settle(): Promise<void> {
    return takeSteps(NO_STEPS);
  }

  async advance(delayMs: number): Promise<void> {
    assert(delayMs >= 0, `time cannot go back by ${delayMs} ms`);
    await takeSteps(this.#stepsUntil(this.#elapsedMs + delayMs));
  }

  advanceTo(wallMs: number): Promise<void> {
    return this.advance(wallMs - this.now());
  }

  runUntilIdle(limitMs = 3_600_000): Promise<void> {
    return takeSteps(this.#stepsUntilIdle(limitMs));
  }

  /** A step fires one timer. */
  *#stepsUntil(targetMs: number): Generator<void> {
    let firedNow = 0;
    for (let next = this.#next(); next !== undefined && next.dueMs <= targetMs; next = this.#next()) {
      firedNow = next.dueMs > this.#elapsedMs ? 0 : firedNow + 1;
      assert(firedNow < TIMERS_PER_INSTANT_MAX, 'timers with no delay set each other without end');
      yield this.#fire(next);
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, targetMs);
  }

  *#stepsUntilIdle(limitMs: number): Generator<void> {
    const deadlineMs = this.#elapsedMs + limitMs;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      assert(next.dueMs <= deadlineMs, `not idle after ${limitMs} ms of virtual time`);
      yield this.#fire(next);
    }
  }

  /** The earliest moment with a timer that is not cancelled; that timer is its first that is not over. */
  #next(): Moment | undefined {
    for (let moment = this.#upcoming.peek(); moment !== undefined; moment = this.#upcoming.peek()) {
      const { timers } = moment;
      for (; moment.over < timers.length; moment.over++) if (timers[moment.over]!.isSet) return moment;
      this.#upcoming.pop();
      this.#moments.delete(moment.dueMs);
    }
    return undefined;
  }

  #fire(moment: Moment): void {
    const timer = moment.timers[moment.over++]!;
    this.#elapsedMs = Math.max(this.#elapsedMs, moment.dueMs);
    timer.fire();
  }
}

class PendingTimer implements Timer {
  /** Absent once cancelled or fired. */
  #callback: (() => void) | undefined;
  readonly #forget: () => void;

  /** @param forget  called once, when it is set no more */
  constructor(callback: () => void, forget: () => void) {
    this.#callback = callback;
    this.#forget = forget;
  }

  get isSet(): boolean {
    return this.#callback !== undefined;
  }

  fire(): void {
    const callback = this.#callback;
    assert(callback !== undefined, 'a cancelled timer never fires');
    this.cancel();
    callback();
  }

  cancel(): void {
    if (this.#callback === undefined) return;
    this.#callback = undefined;
    this.#forget();
  }
}

const NO_STEPS: Iterator<void> = { next: () => ({ done: true, value: undefined }) };

/** A binary heap by due time. */
class MomentHeap {
  readonly #items: Moment[] = [];

  peek(): Moment | undefined {
    return this.#items[0];
  }

  push(moment: Moment): void {
    const items = this.#items;
    let index = items.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (moment.dueMs >= items[parent]!.dueMs) break;
      items[index] = items[parent]!;
      index = parent;
    }
    items[index] = moment;
  }

  pop(): void {
    const items = this.#items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    let index = 0;
    for (let child = 1; child < items.length; child = 2 * index + 1) {
      if (child + 1 < items.length && items[child + 1]!.dueMs < items[child]!.dueMs) child++;
      if (items[child]!.dueMs >= last.dueMs) break;
      items[index] = items[child]!;
      index = child;
    }
    items[index] = last;
  }
}
