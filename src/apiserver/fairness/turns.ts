/**
 * Who may use the event loop next. A server has one thread: a hundred lists that all have their seats would keep it from
 * everything else for as long as they take together. So what takes long, or has waited, begins in a turn of the loop of its
 * own; between two of them whatever else has come in is answered. Priority levels take turns.
 *
 * Invariant: who waits here holds seats, so that there are never more than seats.
 */
export class Turns {
  readonly #nextTurn: (() => Promise<void>) | undefined;
  /** By priority level, in the order in which the levels are served. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #isTaken = false;

  /** @param nextTurn  resolves once the loop has looked for input; absent where time is virtual: nothing takes any there */
  constructor(nextTurn: (() => Promise<void>) | undefined) {
    this.#nextTurn = nextTurn;
  }

  /** `undefined`: go on at once; else wait. */
  begin(level: string): Promise<void> | undefined {
    if (this.#nextTurn === undefined) return undefined;
    if (!this.#isTaken) {
      this.#isTaken = true;
      void this.#serve(this.#nextTurn);
      return undefined;
    }
    return new Promise((resolve) => {
      const line = this.#waiting.get(level);
      if (line === undefined) this.#waiting.set(level, [resolve]);
      else line.push(resolve);
    });
  }

  async #serve(nextTurn: () => Promise<void>): Promise<void> {
    do await nextTurn();
    while (this.#letOneBegin());
    this.#isTaken = false;
  }

  #letOneBegin(): boolean {
    for (const [level, line] of this.#waiting) {
      this.#waiting.delete(level);
      const begin = line.shift()!;
      if (line.length > 0) this.#waiting.set(level, line);
      begin();
      return true;
    }
    return false;
  }
}
