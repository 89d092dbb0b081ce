/**
 * A bounded queue with one consumer that iterates. Items pushed before the consumer comes are kept; past `capacity`
 * a push is refused, and what happens then is the pusher's decision. Leaving the loop closes the queue.
 */
export class AsyncQueue<T extends object> implements AsyncIterable<T> {
  readonly #capacity: number;
  #items: T[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** False when the queue is full or closed: the item was not taken. */
  push(item: T): boolean {
    if (this.#closed || this.#items.length >= this.#capacity) return false;
    this.#items.push(item);
    this.#wakeUp();
    return true;
  }

  /** Drops what waits and takes `item` alone. */
  replaceAll(item: T): void {
    this.#items = [];
    this.push(item);
  }

  /** Ends the iteration once what waits is consumed. */
  close(): void {
    this.#closed = true;
    this.#wakeUp();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: async () => {
        while (this.#items.length === 0 && !this.#closed) await this.#arrival();
        const value = this.#items.shift();
        return value === undefined ? { done: true, value } : { done: false, value };
      },
      return: async () => {
        this.#closed = true;
        this.#items = [];
        return { done: true, value: undefined };
      },
    };
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
