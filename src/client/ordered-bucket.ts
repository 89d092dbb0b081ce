/**
 * A map that lists its values in key order. The order is kept between changes of values, and the list between any
 * changes: a list that was handed out is never changed afterwards.
 */
export interface OrderedBucket<T> {
  readonly size: number;
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
  /** In key order; the same array until the next change. */
  list(): readonly T[];
}

export function newOrderedBucket<T>(): OrderedBucket<T> {
  return new Bucket<T>();
}

class Bucket<T> implements OrderedBucket<T> {
  readonly #values = new Map<string, T>();
  /** Sorted; undefined after a key came or went, since the next reader sorts once for many changes. */
  #keys: string[] | undefined = [];
  #list: readonly T[] | undefined = [];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: T): void {
    if (!this.#values.has(key)) this.#keys = undefined;
    this.#values.set(key, value);
    this.#list = undefined;
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return;
    this.#keys = undefined;
    this.#list = undefined;
  }

  list(): readonly T[] {
    this.#keys ??= [...this.#values.keys()].sort();
    this.#list ??= this.#keys.map((key) => this.#values.get(key)!);
    return this.#list;
  }
}
