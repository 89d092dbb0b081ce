/** How often values were no greater than each of some bounds. */
export class Histogram {
  readonly #bounds: readonly number[];
  /** One more than bounds: what is greater than all. */
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds  ascending */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** What all of `histograms` have counted; there is one, and they have the same bounds. */
  static sum(histograms: readonly Histogram[]): Histogram {
    const total = new Histogram(histograms[0]!.#bounds);
    for (const histogram of histograms) {
      for (const [bucket, count] of histogram.#counts.entries()) total.#counts[bucket]! += count;
      total.#sum += histogram.#sum;
    }
    return total;
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.#counts[bucket]!++;
    this.#sum += value;
  }

  /** Each bound as Go writes it, and how many values were no greater. */
  *cumulative(): Generator<[bound: string, count: number]> {
    let total = 0;
    for (const [index, count] of this.#counts.entries()) {
      total += count;
      const bound = this.#bounds[index];
      yield [bound === undefined ? '+Inf' : goFloat(bound), total];
    }
  }
}

/** From a million on with an exponent of two digits. @see Go's strconv.FormatFloat, 'g', shortest */
function goFloat(value: number): string {
  return value < 1e6 ? String(value) : value.toExponential().replace(/e\+(\d)$/, 'e+0$1');
}
