/** `kintsugi/testing`: how long a test waits for its cluster, once the process knows the way and in a new process. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startCluster } from '../src/testing/entry.ts';
import { type Benchmark, type Measurement, summarize } from './benchmark.ts';
import { buildBundle } from './bundle.ts';

const WARM_UP = 30;
const STARTS = 50;
const PROCESSES = 10;
const BUNDLE = new URL('../dist/testing.js', import.meta.url);

export const benchmarks: Benchmark[] = [
  { name: 'testing-start', run: startMany },
  { name: 'testing-first-start', run: startFirst },
];

/** One node, ready; each is stopped before the next. */
async function startMany(): Promise<Measurement[]> {
  const samples: number[] = [];
  for (let index = 0; index < WARM_UP + STARTS; index++) {
    const began = performance.now();
    const cluster = await startCluster();
    if (index >= WARM_UP) samples.push(performance.now() - began);
    await cluster.stop();
  }
  return [summarize('testing-start', samples, 'ms')];
}

/** As users have it: from the bundle, import included. */
async function startFirst(): Promise<Measurement[]> {
  await buildBundle();
  const script = `
    const began = performance.now();
    const { startCluster } = await import('${BUNDLE.href}');
    const cluster = await startCluster();
    console.log(performance.now() - began);
    await cluster.stop();`;
  const samples: number[] = [];
  for (let index = 0; index < PROCESSES; index++) {
    const args = ['--input-type=module', '--eval', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    });
    samples.push(Number(stdout));
  }
  return [summarize('testing-first-start', samples, 'ms')];
}
