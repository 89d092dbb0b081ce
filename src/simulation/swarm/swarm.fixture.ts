/** What the tests of the swarm share: a seed as a test, and the seeds that once failed. Holds no tests of its own. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { drawPlan } from './draw-plan.ts';
import { runPlan } from './run-plan.ts';

export interface SwarmSeed {
  seed: string;
  minutes: number;
}

const REGRESSIONS = path.join(import.meta.dirname, 'regressions.txt');

export function testSeed({ seed, minutes }: SwarmSeed, kind: string): void {
  test(`runPlan: ${kind} seed ${seed} holds (npm run simulate -- --seed ${seed} --minutes ${minutes})`, async () => {
    const { violations, unconverged } = await runPlan(drawPlan(seed, { chaosMs: minutes * 60_000 }));
    assert.deepEqual(
      { violations: violations.slice(0, 10), unconverged },
      { violations: [], unconverged: [] },
    );
  });
}

/** `4711 10  what it found`; `#` begins a comment. @throws AssertionError that names the line that is none */
export function parseRegressions(text: string): SwarmSeed[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [, seed, minutes] = /^(\S+) (\d+(?:\.\d+)?)\s+\S/.exec(line) ?? [];
    assert.ok(
      seed !== undefined && minutes !== undefined,
      `regressions.txt:${index + 1} must be SEED MINUTES WHAT-IT-FOUND, not "${line}"`,
    );
    return [{ seed, minutes: Number(minutes) }];
  });
}

export function readRegressions(): SwarmSeed[] {
  return parseRegressions(readFileSync(REGRESSIONS, 'utf8'));
}
