/**
 * Draws the plan of a run from its seed. Each run has its own subset of faults and actions, each with a rate of its own, so
 * that runs differ in kind and not only in order. @see Groce and others, "Swarm Testing", ISSTA 2012
 */
import type { Random } from '../../base/random.ts';
import { drawCount, drawMs, pick } from '../faults/fault-parameters.ts';
import { FAULTS } from '../faults/fault-table.ts';
import { newSeededRandom } from '../sim-random.ts';
import { drawObjects } from './draw-objects.ts';
import { drawPrograms } from './draw-programs.ts';
import { drawRequests } from './draw-requests.ts';
import {
  type ClusterPlan,
  type PlannedAction,
  type PlannedFault,
  partiesOfPlan,
  type SwarmPlan,
} from './plan.ts';
import { USER_ACTIONS } from './user-actions.ts';

export interface DrawOptions {
  chaosMs: number;
  /** Only these; default all. */
  faults?: readonly string[];
}

/** Chance that a kind of fault, or of action, exists in a run. */
const FAULT_CHANCE = 0.35;
const ACTION_CHANCE = 0.6;
/** Chance that one limit of the store is small enough to be met. */
const SMALL_LIMIT_CHANCE = 0.25;
/** How long it takes on average until a fault of one kind happens again. */
const FAULT_INTERVAL_MS = { min: 20_000, max: 600_000 };
const ACTION_INTERVAL_MS = { min: 10_000, max: 300_000 };

export function drawPlan(
  seed: string,
  { chaosMs, faults: allowed = Object.keys(FAULTS) }: DrawOptions,
): SwarmPlan {
  const random = newSeededRandom(seed).fork('plan');
  const cluster = drawCluster(random.fork('cluster'));
  const objects = drawRequests(random.fork('requests'), drawObjects(random.fork('objects')), cluster);
  const faults: PlannedFault[] = [];
  for (const fault of allowed)
    faults.push(...drawFaults(random.fork(`fault ${fault}`), fault, cluster, chaosMs));
  const actions: PlannedAction[] = [];
  for (const action of Object.keys(USER_ACTIONS)) {
    actions.push(...drawActions(random.fork(`action ${action}`), action, { cluster, objects, chaosMs }));
  }
  return {
    seed,
    chaosMs,
    cluster,
    programs: drawPrograms(random.fork('programs')),
    objects,
    faults: faults.sort(byTime),
    actions: actions.sort(byTime),
  };
}

function drawCluster(random: Random): ClusterPlan {
  return {
    nodes: drawCount(random, 1, 5),
    controllers: pick(random, ['in-server', 'in-server', 'apart', 2]),
    disk: pick(random, ['faultless', 'simulated']),
    flushMs: pick(random, [
      { min: 0, max: 0 },
      { min: 1, max: 8 },
    ]),
    latencyMs: pick(random, [
      { min: 0, max: 0 },
      { min: 0, max: 2 },
      { min: 1, max: 20 },
      { min: 5, max: 200 },
    ]),
    storeLimits: drawStoreLimits(random.fork('store limits')),
  };
}

function drawStoreLimits(random: Random): ClusterPlan['storeLimits'] {
  const limits: ClusterPlan['storeLimits'] = {};
  if (random.next() < SMALL_LIMIT_CHANCE) limits.commitMaxRecords = drawCount(random, 1, 8);
  if (random.next() < SMALL_LIMIT_CHANCE) limits.historyMaxRecords = drawCount(random, 50, 1000);
  if (random.next() < SMALL_LIMIT_CHANCE) {
    // As shipped, a watcher has room for several commits.
    limits.commitMaxRecords = drawCount(random, 1, 4);
    limits.watcherMaxBufferedEvents = drawCount(random, 12, 40);
  }
  return limits;
}

function drawFaults(random: Random, fault: string, cluster: ClusterPlan, chaosMs: number): PlannedFault[] {
  const kind = FAULTS[fault]!;
  if (random.next() >= FAULT_CHANCE) return [];
  const parties = partiesOfPlan(cluster);
  const planned: PlannedFault[] = [];
  for (const atMs of drawTimes(random, FAULT_INTERVAL_MS, chaosMs)) {
    const parameters = kind.draw(random, parties);
    if (parameters === undefined) return [];
    const lasting =
      kind.lasts === undefined
        ? {}
        : { forMs: Math.min(chaosMs - atMs, drawMs(random, kind.lasts.minMs, kind.lasts.maxMs)) };
    planned.push({ atMs, fault, parameters, ...lasting });
  }
  return planned;
}

function drawActions(
  random: Random,
  action: string,
  { chaosMs, ...context }: Pick<SwarmPlan, 'cluster' | 'objects' | 'chaosMs'>,
): PlannedAction[] {
  if (random.next() >= ACTION_CHANCE) return [];
  return drawTimes(random, ACTION_INTERVAL_MS, chaosMs).flatMap((atMs) => {
    const parameters = USER_ACTIONS[action]!.draw(random, context);
    return parameters === undefined ? [] : [{ atMs, action, parameters }];
  });
}

/** Moments of a Poisson process whose rate is drawn as well. */
function drawTimes(random: Random, { min, max }: { min: number; max: number }, untilMs: number): number[] {
  const intervalMs = drawMs(random, min, max);
  const times: number[] = [];
  let atMs = 0;
  for (;;) {
    atMs += Math.ceil(-Math.log(1 - random.next()) * intervalMs);
    if (atMs >= untilMs) return times;
    times.push(atMs);
  }
}

function byTime(a: { atMs: number }, b: { atMs: number }): number {
  return a.atMs - b.atMs;
}
