/** What is made of a seed that fails: a small plan that fails in the same way, in a file, and a text that says all about it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SwarmPlan } from '../../src/simulation/swarm/plan.ts';
import type { SimulateOptions } from './options.ts';
import { renderFailure } from './report.ts';
import type { JobResult } from './worker.ts';
import type { WorkerPool } from './worker-pool.ts';

export async function explainFailure(
  found: JobResult,
  pool: Pick<WorkerPool, 'run'>,
  { shrinkMs, failuresDir }: Pick<SimulateOptions, 'shrinkMs' | 'failuresDir'>,
): Promise<string> {
  const shrunk = await pool.run({ plan: found.plan, shrinkMs });
  const result = shrunk === undefined || shrunk.verdict.ok ? found : shrunk;
  return renderFailure(result, { commit: findCommit(), file: keep(result.plan, failuresDir) });
}

function keep(plan: SwarmPlan, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `seed-${plan.seed}.json`);
  writeFileSync(file, `${JSON.stringify(plan, undefined, 2)}\n`);
  return file;
}

function findCommit(): string {
  const git = (...args: string[]) => spawnSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname });
  const head = git('rev-parse', '--short', 'HEAD');
  if (head.status !== 0) return 'unknown';
  const isChanged = git('status', '--porcelain', '--untracked-files=no').stdout !== '';
  return `${head.stdout.trim()}${isChanged ? ', with local changes' : ''}`;
}
