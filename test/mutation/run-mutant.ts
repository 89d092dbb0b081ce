/**
 * Runs seeds of the swarm on the shipped source with one mutation planted in it, until one of them finds it, and prints what
 * became of it as a line of JSON. The mutation is in this process only and no file changes: the source is changed as it is
 * loaded.
 *
 *     node run-mutant.ts MUTATION SEED     that seed, then all others in order
 *     node run-mutant.ts none SEED...      these seeds on the source as it is
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Verdict } from '../../src/simulation/swarm/run-plan.ts';
import { CHAOS_MS, MUTATIONS, type Mutation, plantIn, SEEDS, USER } from './mutations.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** The first ones tell. */
const COMPLAINTS_MAX = 3;

interface Complaint {
  checker: string;
  message: string;
}

export interface MutantOutcome {
  /** That found it; absent when none did. */
  seed?: number;
  complaints: Complaint[];
  /** Seeds that were run. */
  tried: number;
}

process.stdout.write(`${JSON.stringify(await main(process.argv.slice(2)))}\n`);

async function main([name, ...seeds]: readonly string[]): Promise<MutantOutcome> {
  const mutation = MUTATIONS.find((candidate) => candidate.name === name);
  if (mutation === undefined) return runSeeds(seeds.map(Number), () => true);
  plant(mutation);
  return runSeeds(seedsFrom(Number(seeds[0])), ({ checker }) => mutation.checkers.includes(checker));
}

function plant(mutation: Mutation): void {
  const file = path.join(ROOT, mutation.file);
  const mutated = pathToFileURL(file).href;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      return url === mutated ? { ...loaded, source: plantIn(readFileSync(file, 'utf8'), mutation) } : loaded;
    },
  });
}

/** What the swarm is made of is loaded only now, after the mutation was planted. */
async function runSeeds(
  seeds: readonly number[],
  counts: (complaint: Complaint) => boolean,
): Promise<MutantOutcome> {
  const { drawPlan } = await import('../../src/simulation/swarm/draw-plan.ts');
  const { runPlan } = await import('../../src/simulation/swarm/run-plan.ts');
  for (const [index, seed] of seeds.entries()) {
    const verdict = await runPlan(drawPlan(String(seed), { chaosMs: CHAOS_MS }));
    const found = complaintsOf(verdict).filter(counts);
    if (found.length > 0) return { seed, complaints: found.slice(0, COMPLAINTS_MAX), tried: index + 1 };
  }
  return { complaints: [], tried: seeds.length };
}

function seedsFrom(first: number): number[] {
  const all = Array.from({ length: SEEDS }, (_, index) => index + 1);
  return [first, ...all.filter((seed) => seed !== first)];
}

function complaintsOf({ violations, unconverged }: Verdict): Complaint[] {
  return [
    ...violations.map(({ checker, message }) => ({ checker, message })),
    ...unconverged.map(toComplaint),
  ];
}

/** What a checker says begins with its name. */
function toComplaint(line: string): Complaint {
  const [, checker = USER, message = line] = /^([a-z-]+): (.*)$/s.exec(line) ?? [];
  return { checker, message };
}
