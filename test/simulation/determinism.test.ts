/** One seed fixes everything: 200 of them, each in two processes that share nothing but the source. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import type { Verdict } from '../../src/simulation/swarm/run-plan.ts';

const COMMAND = path.resolve(import.meta.dirname, '../../tools/simulate.ts');
const SEEDS = 200;
const MINUTES = 0.25;

/** Seed by seed, what the run hashed to. */
function traces(jobs: number, flags: readonly string[]): Map<string, string> {
  const args = [
    '--from',
    '1',
    '--seeds',
    String(SEEDS),
    '--minutes',
    String(MINUTES),
    '--jobs',
    String(jobs),
  ];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...flags, COMMAND, ...args, '--json'],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  assert.equal(status, 0, stderr.slice(-2000));
  const verdicts = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Verdict);
  return new Map(verdicts.map(({ seed, traceHash, events }) => [seed, `${traceHash} ${events}`]));
}

test(`simulate: ${SEEDS} seeds give the same traces in other processes, in another order, with other flags`, () => {
  const first = traces(2, []);
  assert.equal(first.size, SEEDS);
  assert.equal(new Set(first.values()).size, SEEDS, 'each seed is a run of its own');
  assert.deepEqual(traces(3, ['--stack-size=2000', '--max-old-space-size=600']), first);
});
