/** The benchmark files, loaded only when one of their benchmarks may run. Add a file here and its budgets in `budgets.ts`. */
import type { Benchmark } from './benchmark.ts';

export interface BenchmarkFile {
  benchmarks: Benchmark[];
}

export const suite: readonly (() => Promise<BenchmarkFile>)[] = [
  () => import('./store.bench.ts'),
  () => import('./api.bench.ts'),
  () => import('./api-scale.bench.ts'),
  () => import('./up.bench.ts'),
  () => import('./healing.bench.ts'),
  () => import('./scheduler.bench.ts'),
  () => import('./simulation.bench.ts'),
  () => import('./testing.bench.ts'),
];
