/**
 * Waiting that can be cancelled. A long-lived signal (an agent's, a server's) has thousands who wait under it, and the
 * platform's own list of listeners is searched from its beginning at every change: here a signal has one listener of the
 * platform's, and coming and going under it takes constant time.
 */

/** Who waits under one signal, in the order in which they came. It hears of the signal only while somebody waits. */
class Waiting {
  readonly #signal: AbortSignal;
  /** Absent while there is none: most signals are waited under for a moment, and kept for long. */
  #listeners: Set<() => void> | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(listener: () => void): void {
    if (this.#listeners === undefined) {
      this.#listeners = new Set();
      this.#signal.addEventListener('abort', this.#onAbort);
    }
    this.#listeners.add(listener);
  }

  /** A combined signal lives as long as somebody listens to it, so the last one to go takes the platform's listener away. */
  remove(listener: () => void): void {
    if (this.#listeners?.delete(listener) !== true || this.#listeners.size > 0) return;
    this.#listeners = undefined;
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = () => {
    const listeners = this.#listeners ?? [];
    for (const listener of listeners) {
      this.#listeners?.delete(listener);
      listener();
    }
  };
}

const waitingUnder = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `listener` once when `signal`, which has not aborted yet, does; the returned function takes it back. Each call
 * needs a function of its own. Listeners may take back each other; what one throws, nobody catches.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  let waiting = waitingUnder.get(signal);
  if (waiting === undefined) {
    waiting = new Waiting(signal);
    waitingUnder.set(signal, waiting);
  }
  waiting.add(listener);
  return () => waiting.remove(listener);
}

/**
 * A controller of its own that also aborts with `parent`. Abort it when its work is done: until then the parent holds it.
 *
 * Used instead of `AbortSignal.any`, whose signals the platform holds, with all who wait under them, until they abort: those
 * of a simulated process that died never do.
 */
export function newScope(parent: AbortSignal): AbortController {
  return new Scope(parent);
}

class Scope extends AbortController {
  readonly #leave: () => void = () => {};

  constructor(parent: AbortSignal) {
    super();
    if (parent.aborted) super.abort(parent.reason);
    else this.#leave = onAbort(parent, () => super.abort(parent.reason));
  }

  override abort(reason?: unknown): void {
    this.#leave();
    super.abort(reason);
  }
}

/** Resolves when `signal` aborts (at once if it has); never rejects. For a wait that no other ends: it leaves a listener. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else onAbort(signal, resolve);
  });
}

/** `promise`, or a rejection with `signal.reason` when `signal` aborts first. Leaves no listener behind. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise<T>((resolve, reject) => {
    const forget = onAbort(signal, () => reject(signal.reason));
    promise.then(
      (value) => {
        forget();
        resolve(value);
      },
      (error: unknown) => {
        forget();
        reject(error);
      },
    );
  });
}

/** True when `error` is nothing but `signal`'s own cancellation, which is never a failure to report. */
export function isCancellation(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && error === signal.reason;
}
