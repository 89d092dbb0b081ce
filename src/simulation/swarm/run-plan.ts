/**
 * Runs a plan: objects are created, faults and user actions happen at their times, then everything is mended, and what is
 * desired must come to be observed.
 *
 *     setup ──► chaos (chaosMs: faults, actions) ──► healing (all faults end) ──► converged, and stays so ──► verdict
 */

import { attachCheckers } from '../checkers/attach-checkers.ts';
import type { Violation } from '../checkers/checker.ts';
import { beginFault } from '../faults/fault-table.ts';
import { SIMULATION_START_MS } from '../sim-clock.ts';
import { World } from '../world/world.ts';
import type { WorldObserver } from '../world/world-event.ts';
import { hearInternalErrors } from './internal-errors.ts';
import { nodeNames, type SwarmPlan } from './plan.ts';
import { SwarmUser } from './swarm-user.ts';
import { TraceHash } from './trace-hash.ts';
import { unwellPods } from './unwell-pods.ts';

export interface Verdict {
  seed: string;
  ok: boolean;
  /** What must never be and was. */
  violations: Violation[];
  /** Why desired is not observed long after the last fault. */
  unconverged: string[];
  /** Of everything that happened: the same plan has the same. */
  traceHash: string;
  events: number;
  virtualMs: number;
}

const SETUP_WITHIN_MS = 60_000;
/** After faults have stopped: nodes come back, back-offs of five minutes end, evictions at 0.1 nodes a second. */
const CONVERGES_WITHIN_MS = 15 * 60_000;
/** It has converged when it holds for this long. */
const SETTLED_FOR_MS = 20_000;
const LOOK_EVERY_MS = 1000;

export async function runPlan(plan: SwarmPlan, observer?: WorldObserver): Promise<Verdict> {
  const world = newWorld(plan);
  const trace = new TraceHash();
  world.onEvent((event) => trace.add(event));
  const checkers = attachCheckers(world);
  const errors = hearInternalErrors(world);
  if (observer !== undefined) world.onEvent(observer);
  const user = new SwarmUser(world, plan);
  await world.start();
  await world.until(() => user.tidy().length === 0, SETUP_WITHIN_MS);
  await chaos(world, plan, user);
  user.giveUp();
  const unconverged = await converge(world, () => [
    ...user.tidy(),
    ...unwellPods(world),
    ...checkers.unconverged(),
  ]);
  user.stop();
  const virtualMs = world.clock.now() - SIMULATION_START_MS;
  checkers.detach();
  await world.stop();
  const broken = user.broken.map((message) => ({ checker: 'user', atMs: virtualMs, message }));
  const violations = [...checkers.violations, ...errors, ...broken];
  return {
    seed: plan.seed,
    ok: violations.length === 0 && unconverged.length === 0,
    violations,
    unconverged,
    traceHash: trace.digest(),
    events: trace.events,
    virtualMs,
  };
}

function newWorld(plan: SwarmPlan): World {
  const { nodes: _, flushMs, ...cluster } = plan.cluster;
  const world = new World({
    seed: plan.seed,
    nodes: nodeNames(plan.cluster).map((name) => ({ name })),
    programs: plan.programs,
    ...cluster,
  });
  const random = world.random.fork('flushes');
  const { min, max } = flushMs;
  if (world.disk !== undefined && max > 0) {
    world.disk.syncDelayMs = () => min + random.next() * (max - min);
  }
  return world;
}

/** Lets each thing of the plan happen at its time, and mends everything at the end. */
async function chaos(world: World, plan: SwarmPlan, user: SwarmUser): Promise<void> {
  const random = world.random.fork('faults');
  const ends: (() => void)[] = [];
  for (const fault of plan.faults) {
    world.clock.setTimer(fault.atMs, () => {
      const end = beginFault(world, fault, random.fork(`${fault.fault} ${fault.atMs}`));
      const timer = fault.forMs === undefined ? undefined : world.clock.setTimer(fault.forMs, end);
      ends.push(() => {
        timer?.cancel();
        end();
      });
    });
  }
  for (const action of plan.actions) world.clock.setTimer(action.atMs, () => user.act(action));
  await world.advance(plan.chaosMs);
  for (const end of ends.reverse()) end();
}

/** @returns why not, when it does not in time */
async function converge(world: World, unconverged: () => string[]): Promise<string[]> {
  let settledMs = 0;
  let reasons: string[] = [];
  for (let passedMs = 0; passedMs < CONVERGES_WITHIN_MS; passedMs += LOOK_EVERY_MS) {
    await world.advance(LOOK_EVERY_MS);
    reasons = unconverged();
    settledMs = reasons.length === 0 ? settledMs + LOOK_EVERY_MS : 0;
    if (settledMs >= SETTLED_FOR_MS) return [];
  }
  return reasons.length === 0 ? ['it does not stay as it is desired'] : reasons;
}
