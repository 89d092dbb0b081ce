/**
 * A map of what was used lately, for caches: at least what of it weighs `generationMax` is in it, at most twice as much. Without
 * a scale each key weighs 1.
 *
 * Two generations: what is set or found is in the younger one; when that is full it becomes the older one, and what was
 * still in the older one is forgotten. So nothing is ordered, and nothing counted for each use.
 */
export class RecentMap<K, V> {
  readonly #generationMax: number;
  readonly #weigh: (value: V) => number;
  #weight = 0;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(generationMax: number, weigh: (value: V) => number = () => 1) {
    this.#generationMax = generationMax;
    this.#weigh = weigh;
  }

  get(key: K): V | undefined {
    const recent = this.#young.get(key);
    if (recent !== undefined) return recent;
    const found = this.#old.get(key);
    if (found !== undefined) this.set(key, found);
    return found;
  }

  set(key: K, value: V): void {
    const replaced = this.#young.get(key);
    if (this.#weight >= this.#generationMax && replaced === undefined) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#weight = 0;
    }
    this.#weight += this.#weigh(value) - (replaced === undefined ? 0 : this.#weigh(replaced));
    this.#young.set(key, value);
  }
}
