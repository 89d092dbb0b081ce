/**
 * Warns, once, when a test waits for something that only the passing of time can bring, and nothing lets time pass: a watch
 * that is read, a condition that hangs. Such a test would otherwise stand still without a word.
 */
import { formatOpenThing, type OpenThing } from './open-things.ts';

export interface StandstillOptions {
  /** Virtual time, ms. */
  monotonicMs(): number;
  warn(message: string): void;
  /** Real time after which a wait is named. */
  patienceMs: number;
}

const HOW_TO =
  "call `cluster.advance('1m')` or `cluster.until(…)` meanwhile, or start it with `time: 'real'`";

export class StandstillWarning {
  readonly #options: StandstillOptions;
  readonly #waits = new Set<OpenThing>();
  #timer: NodeJS.Timeout | undefined;
  #isSilent = false;

  constructor(options: StandstillOptions) {
    this.#options = options;
  }

  /** Something of the test's waits; the returned function ends it. */
  waiting(wait: OpenThing): () => void {
    this.#waits.add(wait);
    this.#watch();
    return () => {
      this.#waits.delete(wait);
      if (this.#waits.size === 0) this.#rest();
    };
  }

  stop(): void {
    this.#isSilent = true;
    this.#rest();
  }

  #watch(): void {
    if (this.#isSilent || this.#timer !== undefined) return;
    const sinceMs = this.#options.monotonicMs();
    // It keeps the process alive: one with nothing else to do would end before the warning, and without a word.
    this.#timer = setTimeout(() => this.#look(sinceMs), this.#options.patienceMs);
  }

  #look(sinceMs: number): void {
    this.#rest();
    const [longest] = this.#waits;
    if (longest === undefined) return;
    if (this.#options.monotonicMs() !== sinceMs) {
      this.#watch();
      return;
    }
    this.#isSilent = true;
    this.#options.warn(`time stands still while the test waits for ${formatOpenThing(longest)}; ${HOW_TO}`);
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
