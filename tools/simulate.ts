/** `npm run simulate`: clusters in virtual time, seed after seed, on all cores; what fails is shrunk, kept and printed. */
import { readFileSync } from 'node:fs';
import { FaultError } from '../src/simulation/faults/fault-parameters.ts';
import { SIMULATION_START_MS } from '../src/simulation/sim-clock.ts';
import { drawPlan } from '../src/simulation/swarm/draw-plan.ts';
import { PlanError, parsePlan } from '../src/simulation/swarm/parse-plan.ts';
import type { SwarmPlan } from '../src/simulation/swarm/plan.ts';
import { runPlan } from '../src/simulation/swarm/run-plan.ts';
import { formatTimeline } from '../src/simulation/timeline/format-timeline.ts';
import { Timeline } from '../src/simulation/timeline/timeline.ts';
import { explainFailure } from './simulate/explain-failure.ts';
import { HELP, parseOptions, type SimulateOptions, UsageError } from './simulate/options.ts';
import { renderProgress, renderVerdict, type Tally } from './simulate/report.ts';
import { runScenarioFiles } from './simulate/scenario.ts';
import type { JobResult } from './simulate/worker.ts';
import { WorkerPool } from './simulate/worker-pool.ts';

const PROGRESS_EVERY_MS = 2000;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options === undefined) {
      console.log(HELP);
      return 0;
    }
    if (options.scenarios.length > 0) return await playScenarios(options);
    return options.replay === undefined ? await simulate(options) : await replay(options.replay, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`simulate: ${error.message}`);
    return 2;
  }
}

async function playScenarios({ scenarios: files, ...options }: SimulateOptions): Promise<number> {
  const isOk = await runScenarioFiles({ files, ...options }, (text) => console.log(text.trimEnd()));
  return isOk ? 0 : 1;
}

async function simulate(options: SimulateOptions): Promise<number> {
  const pool = new WorkerPool();
  const tally: Tally = {
    done: 0,
    of: options.seeds.length,
    failed: 0,
    virtualMs: 0,
    realMs: 0,
    startedMs: performance.now(),
  };
  const progress = setInterval(() => showProgress(tally), PROGRESS_EVERY_MS);
  let isInterrupted = false;
  process.once('SIGINT', () => {
    isInterrupted = true;
    pool.close();
  });
  const seeds = options.seeds.values();
  const lane = async () => {
    for (const seed of seeds) {
      const plan = drawPlan(seed, {
        chaosMs: options.minutes * 60_000,
        ...(options.faults === undefined ? {} : { faults: options.faults }),
      });
      const result = await pool.run({ plan });
      if (result === undefined || tally.failed >= options.maxFailures) return;
      count(tally, result);
      if (options.json) console.log(JSON.stringify({ ...result.verdict, realMs: result.realMs }));
      if (!result.verdict.ok) await tellFailure(result, pool, options);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, lane));
  clearInterval(progress);
  pool.close();
  showProgress(tally);
  if (isInterrupted) console.error('simulate: interrupted');
  return tally.failed > 0 || isInterrupted ? 1 : 0;
}

function count(tally: Tally, { verdict, realMs }: JobResult): void {
  tally.done++;
  tally.virtualMs += verdict.virtualMs;
  tally.realMs += realMs;
  if (!verdict.ok) tally.failed++;
}

function showProgress(tally: Tally): void {
  console.error(renderProgress(tally, performance.now()));
}

async function tellFailure(found: JobResult, pool: WorkerPool, options: SimulateOptions): Promise<void> {
  const text = await explainFailure(found, pool, options);
  if (options.json) console.error(text);
  else console.log(text);
}

async function replay(file: string, { json }: SimulateOptions): Promise<number> {
  const plan = readPlan(file);
  const timeline = new Timeline({ startMs: SIMULATION_START_MS, lastMax: Number.MAX_SAFE_INTEGER });
  const verdict = await runPlan(plan, (event) => timeline.record(event));
  if (json) console.log(JSON.stringify(verdict));
  else
    console.log(
      [
        formatTimeline(timeline.entries()),
        verdict.ok ? 'all hold' : 'fails:',
        ...renderVerdict(verdict),
      ].join('\n'),
    );
  return verdict.ok ? 0 : 1;
}

function readPlan(file: string): SwarmPlan {
  try {
    return parsePlan(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const isBadFile =
      error instanceof PlanError ||
      error instanceof FaultError ||
      error instanceof SyntaxError ||
      (error as NodeJS.ErrnoException).code !== undefined;
    if (!isBadFile) throw error;
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}
