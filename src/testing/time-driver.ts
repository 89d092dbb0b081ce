/**
 * Who moves time. Whatever waits (a request, a span, a condition) demands it; a driver lets time pass as far as the demands
 * of the moment need, and no further:
 *
 *     request ─┐                     virtual: settle; satisfied? else on to the next timer
 *     advance ─┼─► demands ─► driver
 *     until   ─┘                     real: time passes by itself
 *
 * Invariant of virtual time: only the driver advances the clock, one step at a time, and between two steps everything that
 * the test does in answer to what it awaited has been done.
 */
import { type Deferred, newDeferred } from '../base/deferred.ts';
import { StatusError } from '../base/status-error.ts';
import type { SimulatedClock } from '../simulation/sim-clock.ts';

export interface TimeDriver {
  /** What `start` resolves with; time passes as far as that needs. @throws StatusError `Timeout` when it needs too much */
  request<T>(start: () => Promise<T>): Promise<T>;
  advance(delayMs: number): Promise<void>;
  /** How often something has happened so far that a condition may depend on. */
  readonly happenings: number;
  /** Something happened. */
  happened(): void;
  /** Resolves when more has happened than `seen`, or when `limitMs` has passed. */
  untilMoreThan(seen: number, limitMs: number): Promise<void>;
  /** Resolves when everything that can happen without time passing has happened. */
  settle(): Promise<void>;
  /** From now on time passes only when these rest. */
  waitFor(clients: RealTimeClients): void;
  /** From now on nothing waits any more: every demand rejects with `reason`. */
  stop(reason: Error): void;
}

/** Whoever lives in real time beside the cluster. */
export interface RealTimeClients {
  /** Somebody may act upon what happens: time must go step by step. */
  readonly arePresent: boolean;
  /** Resolves when nobody seems to be about to act. */
  rest(): Promise<void>;
}

/** Longer than anything that answers at all takes: an API server gives up at 60 s. */
const REQUEST_LIMIT_MS = 90_000;

/** Sums of fractions of a millisecond may miss their goal by less than this. */
const ROUNDING_MS = 1e-6;

interface Demand {
  /** Monotonic time at which it is satisfied or given up. */
  dueMs: number;
  /** A request needs every timer to be looked at; a span is over when it is over. */
  isStepwise: boolean;
  /** Also satisfied when more than so much has happened. */
  seen?: number;
  due: Deferred<void>;
}

/** Time that stands still unless somebody waits. */
export class VirtualTime implements TimeDriver {
  readonly #clock: SimulatedClock;
  readonly #demands = new Set<Demand>();
  #happenings = 0;
  #clients: RealTimeClients | undefined;
  #isRunning = false;
  #stopped: Error | undefined;

  constructor(clock: SimulatedClock) {
    this.#clock = clock;
  }

  get happenings(): number {
    return this.#happenings;
  }

  happened(): void {
    this.#happenings++;
  }

  async request<T>(start: () => Promise<T>): Promise<T> {
    if (this.#stopped !== undefined) throw this.#stopped;
    const demand = this.#demand({ afterMs: REQUEST_LIMIT_MS, isStepwise: true });
    try {
      const tooLong = demand.due.promise.then((): never => {
        throw new StatusError('Timeout', `no answer within ${REQUEST_LIMIT_MS / 1000} s of virtual time`);
      });
      return await Promise.race([start(), tooLong]);
    } finally {
      this.#demands.delete(demand);
    }
  }

  async advance(delayMs: number): Promise<void> {
    await this.#demand({ afterMs: delayMs, isStepwise: false }).due.promise;
  }

  async untilMoreThan(seen: number, limitMs: number): Promise<void> {
    await this.#demand({ afterMs: limitMs, isStepwise: true, seen }).due.promise;
  }

  settle(): Promise<void> {
    return this.#clock.settle();
  }

  waitFor(clients: RealTimeClients): void {
    this.#clients = clients;
  }

  stop(reason: Error): void {
    this.#stopped = reason;
    this.#rejectAll(reason);
  }

  #demand({ afterMs, ...demand }: { afterMs: number; isStepwise: boolean; seen?: number }): Demand {
    const made = { ...demand, dueMs: this.#clock.monotonicMs() + afterMs, due: newDeferred() };
    made.due.promise.catch(() => {}); // a request that is answered hears of nothing else
    if (this.#stopped !== undefined) {
      made.due.reject(this.#stopped);
      return made;
    }
    this.#demands.add(made);
    if (!this.#isRunning) void this.#run();
    return made;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      await this.#clock.settle();
      while (this.#demands.size > 0) {
        if (!this.#satisfy()) await this.#step();
        await this.#clock.settle();
      }
    } catch (error) {
      this.#rejectAll(error);
    } finally {
      this.#isRunning = false;
    }
  }

  /** True when something was satisfied: whoever waited for it is heard before time passes. */
  #satisfy(): boolean {
    let isAny = false;
    const nowMs = this.#clock.monotonicMs();
    // What is due at this very moment belongs to it.
    const isMomentOver = this.#clock.nextTimerMs !== 0;
    for (const demand of this.#demands) {
      const isOver = nowMs >= demand.dueMs - ROUNDING_MS;
      const hasHappened = demand.seen !== undefined && demand.seen !== this.#happenings && isMomentOver;
      if (!isOver && !hasHappened) continue;
      this.#demands.delete(demand);
      demand.due.resolve();
      isAny = true;
    }
    return isAny;
  }

  async #step(): Promise<void> {
    if (this.#clients?.arePresent) {
      await this.#clients.rest();
      // They may have been answered meanwhile.
      if (this.#satisfy() || this.#demands.size === 0) return;
    }
    await this.#clock.advance(this.#stepMs());
  }

  #stepMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    let isStepwise = this.#clients?.arePresent ?? false;
    for (const demand of this.#demands) {
      dueMs = Math.min(dueMs, demand.dueMs);
      isStepwise ||= demand.isStepwise;
    }
    const stepMs = dueMs - this.#clock.monotonicMs();
    return isStepwise ? Math.min(stepMs, this.#clock.nextTimerMs ?? stepMs) : stepMs;
  }

  #rejectAll(reason: unknown): void {
    for (const { due } of this.#demands) due.reject(reason);
    this.#demands.clear();
  }
}

/** Time that passes by itself. */
export class PassingTime implements TimeDriver {
  readonly #clock: SimulatedClock;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  /** How long nothing may happen until a condition is looked at again, ms of the cluster. */
  readonly #pollMs: number;
  #happenings = 0;

  constructor(clock: SimulatedClock, pollMs: number) {
    this.#clock = clock;
    this.#pollMs = pollMs;
  }

  get happenings(): number {
    return this.#happenings;
  }

  happened(): void {
    this.#happenings++;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }

  async request<T>(start: () => Promise<T>): Promise<T> {
    this.#stop.signal.throwIfAborted();
    return start();
  }

  advance(delayMs: number): Promise<void> {
    return this.#clock.sleep(delayMs, this.#stop.signal);
  }

  async untilMoreThan(seen: number, limitMs: number): Promise<void> {
    if (this.#happenings !== seen) return;
    this.#stop.signal.throwIfAborted();
    const woken = newDeferred();
    const wake = () => woken.resolve();
    const timer = this.#clock.setTimer(Math.min(limitMs, this.#pollMs), wake);
    const abort = () => woken.reject(this.#stop.signal.reason);
    this.#waiting.add(wake);
    this.#stop.signal.addEventListener('abort', abort);
    try {
      await woken.promise;
    } finally {
      timer.cancel();
      this.#waiting.delete(wake);
      this.#stop.signal.removeEventListener('abort', abort);
    }
  }

  settle(): Promise<void> {
    return this.#clock.settle();
  }

  waitFor(): void {}

  stop(reason: Error): void {
    this.#stop.abort(reason);
  }
}
