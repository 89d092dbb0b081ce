/** A process that runs plans, one after another, as its parent sends them. */
import { SIMULATION_START_MS } from '../../src/simulation/sim-clock.ts';
import type { SwarmPlan } from '../../src/simulation/swarm/plan.ts';
import { runPlan, type Verdict } from '../../src/simulation/swarm/run-plan.ts';
import { shrinkPlan } from '../../src/simulation/swarm/shrink-plan.ts';
import { formatTimeline } from '../../src/simulation/timeline/format-timeline.ts';
import { Timeline } from '../../src/simulation/timeline/timeline.ts';
import type { WorldObserver } from '../../src/simulation/world/world-event.ts';

export interface Job {
  plan: SwarmPlan;
  /** The plan fails: make it smaller as long as it does so in the same way, for so long of real time, and say what happens. */
  shrinkMs?: number;
}

export interface JobResult {
  plan: SwarmPlan;
  verdict: Verdict;
  realMs: number;
  /** The end of the story; only of a plan that was made smaller. */
  timeline?: string;
}

const TIMELINE_ENTRIES = 60;

/** Promises that nobody waited for and that failed: each is a bug of what ran. */
let stray: string[] = [];

process.on('unhandledRejection', (error) => stray.push(describe(error)));
process.on('message', (job: Job) => void work(job));
// Ctrl-C reaches the whole group; the parent decides.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());

async function work({ plan, shrinkMs }: Job): Promise<void> {
  const result = shrinkMs === undefined ? await run(plan) : await shrink(plan, shrinkMs);
  process.send!(result);
}

async function shrink(plan: SwarmPlan, shrinkMs: number): Promise<JobResult> {
  const untilMs = performance.now() + shrinkMs;
  const isOver = () => performance.now() > untilMs;
  const kind = kindOf((await run(plan)).verdict);
  const fails = async (smaller: SwarmPlan) => kindOf((await run(smaller)).verdict) === kind;
  const smallest = isOver() ? plan : await shrinkPlan(plan, { fails, isOver });
  const timeline = new Timeline({ startMs: SIMULATION_START_MS, firstMax: 0, lastMax: TIMELINE_ENTRIES });
  const result = await run(smallest, (event) => timeline.record(event));
  return { ...result, timeline: formatTimeline(timeline.entries()) };
}

async function run(plan: SwarmPlan, observe?: WorldObserver): Promise<JobResult> {
  const startMs = performance.now();
  stray = [];
  const verdict = await runPlan(plan, observe).catch((error: unknown) =>
    failed(plan, 'simulation', describe(error)),
  );
  const violations = [
    ...verdict.violations,
    ...stray.map((message) => ({ checker: 'unhandled rejection', atMs: 0, message })),
  ];
  const ok = verdict.ok && violations.length === 0;
  return { plan, verdict: { ...verdict, ok, violations }, realMs: performance.now() - startMs };
}

function failed({ seed }: SwarmPlan, checker: string, message: string): Verdict {
  const violations = [{ checker, atMs: 0, message }];
  return { seed, ok: false, violations, unconverged: [], traceHash: '', events: 0, virtualMs: 0 };
}

/** In which way a run failed. */
function kindOf({ violations, unconverged }: Verdict): string {
  return violations[0]?.checker ?? (unconverged.length > 0 ? 'unconverged' : 'ok');
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
