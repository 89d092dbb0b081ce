/**
 * What is to be looked at later, in order of when. It has no timer: whoever owns it asks at each event, since a checker
 * must not wake a world that sleeps.
 */
export class DueQueue<T> {
  readonly #delayMs: number;
  #items: { dueMs: number; item: T }[] = [];
  #first = 0;

  /** @param delayMs  of everything in it, so that what comes first is due first */
  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  add(item: T, nowMs: number): void {
    this.#items.push({ dueMs: nowMs + this.#delayMs, item });
  }

  /** Takes what is due. What `visit` adds meanwhile is due later. */
  takeDue(nowMs: number, visit: (item: T) => void): void {
    while (this.#first < this.#items.length && this.#items[this.#first]!.dueMs <= nowMs) {
      visit(this.#items[this.#first++]!.item);
    }
    if (this.#first > 1024 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
  }
}
