/** Whole clusters in virtual time: how fast it passes, and what large ones cost. Each in a process of its own. */
import { fork } from 'node:child_process';
import type { Benchmark, Measurement } from './benchmark.ts';
import type { SimulationName } from './load/simulation.ts';

export const benchmarks: Benchmark[] = [
  { name: 'simulation-idle', run: () => simulate('idle') },
  { name: 'simulation-idle-probed', run: () => simulate('idle-probed') },
  { name: 'simulation-swarm', run: () => simulate('swarm') },
  { name: 'simulation-apply', run: () => simulate('apply') },
  { name: 'simulation-services', run: () => simulate('services') },
  { name: 'simulation-death', run: () => simulate('death') },
];

/** What a large cluster may hold before the process gives up, so that a miss is measured and no machine swaps. */
const HEAP_MAX_MB = 8_000;

function simulate(name: SimulationName): Promise<Measurement[]> {
  const child = fork(new URL('./load/simulation-process.ts', import.meta.url), [name], {
    execArgv: [`--max-old-space-size=${HEAP_MAX_MB}`],
  });
  return new Promise((resolve, reject) => {
    child.once('message', (measurements) => resolve(measurements as Measurement[]));
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`the simulation ended with ${code ?? signal}`)));
  });
}
