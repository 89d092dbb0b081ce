/**
 * Requests that a client sends over one HTTP/1.1 connection before those ahead of them are answered. They are served one at
 * a time, as Go's server does; Node would begin all that arrive in one piece, hundreds of them, and keep their answers.
 */

/** No client library sends any; whoever has more of them waiting is cut off. */
const WAITING_MAX = 100;

export class Pipeline {
  #isBusy = false;
  readonly #waiting: (() => void)[] = [];

  /** Serves now, or after those ahead. @returns false when too many wait: the connection must end */
  add(serve: () => void): boolean {
    if (!this.#isBusy) {
      this.#isBusy = true;
      serve();
      return true;
    }
    if (this.#waiting.length === WAITING_MAX) return false;
    this.#waiting.push(serve);
    return true;
  }

  /** The one that is served is over. */
  next(): void {
    const serve = this.#waiting.shift();
    this.#isBusy = serve !== undefined;
    serve?.();
  }
}
