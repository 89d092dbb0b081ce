// Seeds that once failed, and fifty that never change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRegressions, readRegressions, testSeed } from './swarm.fixture.ts';

const FIXED_SEEDS = 50;
const MINUTES = 5;

test('parseRegressions names a line that is none', () => {
  assert.deepEqual(parseRegressions('# seeds\n\n17 10  a lost Pod\n'), [{ seed: '17', minutes: 10 }]);
  assert.throws(() => parseRegressions('17 10\n'), /regressions.txt:1 must be/);
});

for (const regression of readRegressions()) testSeed(regression, 'once failed');

for (let seed = 1; seed <= FIXED_SEEDS; seed++) testSeed({ seed: String(seed), minutes: MINUTES }, 'fixed');
