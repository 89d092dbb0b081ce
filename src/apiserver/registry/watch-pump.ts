/**
 * Joins a store's watch with a clock: whoever reads it gets batches of events, a tick every period, and the end when the
 * time is up. One read is outstanding at the store, and one timer set, however often it is read.
 */
import type { Clock, Timer } from '../../base/clock.ts';
import { type Deferred, newDeferred } from '../../base/deferred.ts';
import type { StoreEvent, StoreWatch } from '../../store/store.ts';

export type Wake =
  | { kind: 'events'; events: readonly StoreEvent[] }
  /** A period has passed. */
  | { kind: 'tick' }
  | { kind: 'end' }
  | { kind: 'failed'; error: unknown };

export interface WatchPumpOptions {
  periodMs: number;
  timeoutMs: number;
  /** Called once when the time is up or the pump is disposed of: ends the store's watch. */
  onEnd(): void;
}

export class WatchPump implements Disposable {
  readonly #iterator: AsyncIterator<StoreEvent[]>;
  readonly #clock: Clock;
  readonly #options: WatchPumpOptions;
  readonly #endMs: number;
  #timer: Timer | undefined;
  #waiting: Deferred<Wake> | undefined;
  #isReading = false;
  /** What came while nobody waited. */
  #arrived: Wake | undefined;
  #isTickDue = false;
  #isOver = false;

  constructor(watch: StoreWatch, clock: Clock, options: WatchPumpOptions) {
    this.#iterator = watch[Symbol.asyncIterator]();
    this.#clock = clock;
    this.#options = options;
    this.#endMs = clock.monotonicMs() + options.timeoutMs;
    this.#setTimer();
  }

  /** One reader at a time. */
  next(): Promise<Wake> {
    const waiting = newDeferred<Wake>();
    this.#waiting = waiting;
    if (!this.#isReading) this.#read();
    this.#deliver();
    return waiting.promise;
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#end();
  }

  #read(): void {
    this.#isReading = true;
    this.#iterator.next().then(
      (result) => this.#arrive(result.done ? { kind: 'end' } : { kind: 'events', events: result.value }),
      (error: unknown) => this.#arrive({ kind: 'failed', error }),
    );
  }

  #arrive(wake: Wake): void {
    this.#arrived = wake;
    this.#deliver();
  }

  #deliver(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    let wake = this.#arrived;
    if (wake !== undefined) {
      this.#arrived = undefined;
      this.#isReading = false;
    } else if (this.#isOver) wake = { kind: 'end' };
    else if (this.#isTickDue) wake = { kind: 'tick' };
    if (wake === undefined) return;
    if (wake.kind === 'tick') this.#isTickDue = false;
    this.#waiting = undefined;
    waiting.resolve(wake);
  }

  #setTimer(): void {
    const leftMs = this.#endMs - this.#clock.monotonicMs();
    this.#timer = this.#clock.setTimer(Math.min(this.#options.periodMs, leftMs), () => this.#onTimer());
  }

  #onTimer(): void {
    if (this.#clock.monotonicMs() >= this.#endMs) this.#end();
    else {
      this.#isTickDue = true;
      this.#setTimer();
    }
    this.#deliver();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onEnd();
  }
}
