/**
 * A map that lists its values in key order: a list that was handed out is never changed afterwards, and the next one costs
 * what changed since, not what there is. Controllers list after every change; sorting ten thousand keys each time was what
 * they did most.
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

/** Past this part of the list, it is cheaper to make it anew than to copy it and change single elements. */
const CHANGED_PART_MAX = 1 / 8;

/** The last list, and what is to be done to it. */
interface Listed<T> {
  /** In order; those of `values`. */
  readonly keys: string[];
  values: readonly T[];
  /** Set or deleted since. */
  readonly changed: Set<string>;
}

class Bucket<T> implements OrderedBucket<T> {
  readonly #values = new Map<string, T>();
  /** Absent when the next list is made anew: it was never listed, or has changed too much. */
  #listed: Listed<T> | undefined;

  get size(): number {
    return this.#values.size;
  }

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: T): void {
    this.#values.set(key, value);
    this.#noteChange(key);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#noteChange(key);
  }

  list(): readonly T[] {
    this.#listed ??= this.#listAnew();
    if (this.#listed.changed.size > 0) this.#bringUpToDate(this.#listed);
    return this.#listed.values;
  }

  #noteChange(key: string): void {
    const listed = this.#listed;
    if (listed === undefined) return;
    listed.changed.add(key);
    if (listed.changed.size > 1 + listed.keys.length * CHANGED_PART_MAX) this.#listed = undefined;
  }

  #listAnew(): Listed<T> {
    const keys = [...this.#values.keys()].sort();
    return { keys, values: keys.map((key) => this.#values.get(key)!), changed: new Set() };
  }

  #bringUpToDate(listed: Listed<T>): void {
    const { keys, changed } = listed;
    const values = listed.values.slice();
    for (const key of changed) {
      const position = lowerBound(keys, key);
      const isListed = keys[position] === key;
      if (!this.#values.has(key)) {
        if (!isListed) continue;
        keys.splice(position, 1);
        values.splice(position, 1);
      } else if (isListed) values[position] = this.#values.get(key)!;
      else {
        keys.splice(position, 0, key);
        values.splice(position, 0, this.#values.get(key)!);
      }
    }
    changed.clear();
    listed.values = values;
  }
}

/** The position of the first key that is not less than `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
