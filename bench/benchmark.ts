/** One thing that is measured. `run` sets up, measures, cleans up, and returns numbers; it prints nothing. */
export interface Benchmark {
  /** What `npm run bench -- --only NAME` takes. */
  name: string;
  run(): Promise<Measurement[]>;
}

export interface Measurement {
  /** Kebab-case; `budgets.ts` refers to it. */
  metric: string;
  /** A rate, a size, or the median of durations. */
  value: number;
  /** Of durations only. */
  p99?: number;
  unit: string;
}

/** The median and the 99th percentile of `samples`, as one measurement. */
export function summarize(metric: string, samples: readonly number[], unit: string): Measurement {
  const sorted = samples.toSorted((a, b) => a - b);
  return { metric, value: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), unit };
}

/** The smallest sample that is at least as large as `share` of all; NaN of none. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
