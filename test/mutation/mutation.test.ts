/**
 * The swarm is worth having: bugs that are planted in the shipped source are found by it. Each is tried first with the seed
 * that found it last; `MUTATION_SWEEP=1` tries all of them from seed 1 on and tells what each needs.
 */
import { deepEqual, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { CHECKERS } from '../../src/simulation/checkers/attach-checkers.ts';
import { MUTATIONS, plantIn, SEEDS, USER } from './mutations.ts';
import type { MutantOutcome } from './run-mutant.ts';

const RUNNER = path.join(import.meta.dirname, 'run-mutant.ts');
const ROOT = path.resolve(import.meta.dirname, '../..');
const isSweep = process.env['MUTATION_SWEEP'] !== undefined;

const foundBy = new Set<number>();

async function runMutant(args: readonly (string | number)[], signal: AbortSignal): Promise<MutantOutcome> {
  const argv = ['--disable-warning=ExperimentalWarning', RUNNER, ...args.map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { signal });
  return JSON.parse(stdout) as MutantOutcome;
}

test('MUTATIONS are told apart, change text that is there once, and name checkers that there are', () => {
  deepEqual(new Set(MUTATIONS.map(({ name }) => name)).size, MUTATIONS.length);
  for (const mutation of MUTATIONS) {
    const source = readFileSync(path.join(ROOT, mutation.file), 'utf8');
    ok(plantIn(source, mutation) !== source);
    const unknown = mutation.checkers.filter((name) => name !== USER && !(name in CHECKERS));
    deepEqual(unknown, [], mutation.name);
  }
});

suite('the swarm finds', { concurrency: 2 }, () => {
  for (const { name, bug, checkers, caughtBy } of MUTATIONS) {
    test(`${name}: ${bug}`, async (t) => {
      const { seed, complaints, tried } = await runMutant([name, isSweep ? 1 : caughtBy], t.signal);
      ok(seed !== undefined, `none of ${SEEDS} seeds made ${checkers.join(', ')} complain`);
      foundBy.add(seed);
      const [{ checker, message } = { checker: '', message: '' }] = complaints;
      t.diagnostic(`seed ${seed}, ${tried} tried: ${checker}: ${message}`);
      if (!isSweep && seed !== caughtBy) t.diagnostic(`${name}: write caughtBy: ${seed} into mutations.ts`);
    });
  }
});

suite('without a mutation nobody complains', { concurrency: 2 }, () => {
  for (const half of [0, 1]) {
    test(`of the seeds that found them, half ${half + 1}`, async (t) => {
      const seeds = [...foundBy].sort((a, b) => a - b).filter((_, index) => index % 2 === half);
      const { seed, complaints } = await runMutant(['none', ...seeds], t.signal);
      deepEqual({ seed, complaints }, { seed: undefined, complaints: [] });
    });
  }
});
