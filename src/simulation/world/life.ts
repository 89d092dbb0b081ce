/**
 * A life: the time during which a simulated process or machine exists, and the doors through which it touches the world.
 *
 *     living ──freeze──► frozen ──thaw──► living        anything ──end──► ended
 *
 * When a life ends, nothing of it acts any more: its timers never fire, the calls it waits for never settle, so that no
 * `catch` or `finally` of it runs, exactly as after kill -9. While frozen, what would reach it waits for the thaw, in order.
 * A process's life lies within its machine's: a frozen machine freezes its processes, whose own state is not touched.
 */
import { onAbort } from '../../base/abort.ts';
import { type Clock, sleepByTimer, type Timer } from '../../base/clock.ts';

export class Life {
  readonly clock: Clock;
  readonly #parent: Life | undefined;
  readonly #onEnd = new Set<() => void>();
  readonly #onFreeze = new Set<() => void>();
  #state: 'living' | 'frozen' | 'ended' = 'living';
  #arrived: (() => void)[] = [];
  /** How often the life went through a door so far. */
  #steps = 0;
  #lastStep = Number.POSITIVE_INFINITY;
  #skewMs = 0;
  readonly #kill: () => void;

  /**
   * @param base  the machine's life, or the world's own clock
   * @param kill  ends it as its machine would: called when its last step is reached
   */
  constructor(base: Life | Clock, kill: () => void = () => this.end()) {
    this.#parent = base instanceof Life ? base : undefined;
    this.#kill = kill;
    this.clock = new LifeClock(this, base instanceof Life ? base.clock : base);
    const forget = this.#parent?.onEnd(() => this.end());
    if (forget !== undefined) this.#onEnd.add(forget);
  }

  get isLiving(): boolean {
    return this.#state === 'living' && (this.#parent?.isLiving ?? true);
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  get isFrozen(): boolean {
    return this.#state === 'frozen' || (this.#parent?.isFrozen ?? false);
  }

  get steps(): number {
    return this.#steps;
  }

  /** Wall time differs from true time by this much; timers and monotonic time are not touched. */
  get skewMs(): number {
    return this.#skewMs;
  }

  set skewMs(skewMs: number) {
    this.#skewMs = skewMs;
  }

  /** Ends this life at the `count`th door from now, before what the door leads to happens. */
  killAfterSteps(count: number): void {
    this.#lastStep = this.#steps + count;
  }

  /** Goes through a door outwards. False: this life has ended, and nothing may happen. */
  step(): boolean {
    if (this.#state === 'ended') return false;
    this.#steps++;
    if (this.#steps < this.#lastStep) return true;
    this.#lastStep = Number.POSITIVE_INFINITY;
    this.#kill();
    return !this.hasEnded;
  }

  /** Something arrives: now, at the thaw, or never. */
  enter(arrive: () => void): void {
    if (this.#state === 'ended') return;
    if (this.#state === 'frozen') this.#arrived.push(arrive);
    else if (this.#parent === undefined || this.#parent.isLiving) arrive();
    else this.#parent.enter(() => this.enter(arrive));
  }

  /** What was asked of the world comes back: through the door, by the living only. */
  hear(settle: () => void): void {
    if (!this.isLiving) this.enter(() => this.hear(settle));
    else if (this.step()) settle();
  }

  /** A call out into the world. What comes of it is heard only by the living. */
  call<T>(act: () => Promise<T>): Promise<T> {
    if (!this.step()) return new Promise<T>(() => {});
    return new Promise<T>((resolve, reject) => {
      act().then(
        (value) => this.hear(() => resolve(value)),
        (error: unknown) => this.hear(() => reject(error)),
      );
    });
  }

  /** A stream from the world. `close` is called when the reader stops, or when this life ends. */
  async *read<T>(open: (signal: AbortSignal) => AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
    const closed = new AbortController();
    const close = () => closed.abort(signal.aborted ? signal.reason : new Error('the reader has gone'));
    if (signal.aborted) close();
    const forget = onAbort(signal, close);
    this.#onEnd.add(close);
    const source = open(closed.signal)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.call(() => source.next());
        if (done) return;
        yield value;
      }
    } finally {
      forget();
      this.#onEnd.delete(close);
      close();
    }
  }

  /** Called once when it ends; the returned function takes it back. */
  onEnd(listener: () => void): () => void {
    this.#onEnd.add(listener);
    return () => this.#onEnd.delete(listener);
  }

  freeze(): void {
    if (this.#state !== 'living') return;
    this.#state = 'frozen';
    const listeners = [...this.#onFreeze];
    this.#onFreeze.clear();
    for (const listener of listeners) listener();
  }

  /** Calls `listener` once, when this life itself (not its machine) is frozen: now, if it is. The function takes it back. */
  onFreeze(listener: () => void): () => void {
    if (this.#state === 'frozen') listener();
    else this.#onFreeze.add(listener);
    return () => this.#onFreeze.delete(listener);
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'living';
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const arrive of arrived) this.enter(arrive);
  }

  end(): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#arrived = [];
    for (const listener of this.#onEnd) listener();
    this.#onEnd.clear();
  }
}

/** The clock as one life sees it. Its timers are the world's own: what a machine does to its processes, lives say. */
class LifeClock implements Clock {
  readonly #life: Life;
  readonly #base: Clock;
  readonly #root: Clock;
  readonly #timers = new Set<Timer>();

  constructor(life: Life, base: Clock) {
    this.#life = life;
    this.#base = base;
    this.#root = base instanceof LifeClock ? base.#root : base;
    life.onEnd(() => this.#cancelAll());
  }

  now(): number {
    return this.#base.now() + this.#life.skewMs;
  }

  monotonicMs(): number {
    return this.#root.monotonicMs();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (this.#life.hasEnded) return { cancel() {} };
    const timer = new LifeTimer(this.#life, this.#timers, callback);
    timer.set(this.#root, delayMs);
    return timer;
  }

  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return sleepByTimer(this, delayMs, signal);
  }

  #cancelAll(): void {
    for (const timer of this.#timers) timer.cancel();
  }
}

class LifeTimer implements Timer {
  readonly #life: Life;
  readonly #timers: Set<Timer>;
  #callback: (() => void) | undefined;
  #base: Timer | undefined;

  /** @param timers  those of its life that are set */
  constructor(life: Life, timers: Set<Timer>, callback: () => void) {
    this.#life = life;
    this.#timers = timers;
    this.#callback = callback;
  }

  set(clock: Clock, delayMs: number): void {
    this.#timers.add(this);
    this.#base = clock.setTimer(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timers.delete(this);
    if (this.#life.isLiving) this.#callback?.();
    else this.#life.enter(() => this.#callback?.());
  }

  cancel(): void {
    this.#callback = undefined;
    this.#base?.cancel();
    this.#timers.delete(this);
  }
}
