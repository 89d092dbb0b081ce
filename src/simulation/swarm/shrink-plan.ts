/**
 * Makes a failing plan smaller while it still fails: fewer faults, actions, objects and nodes, and less time. Lists are halved
 * as in delta debugging, largest pieces first. @see Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002
 */

import { FaultError } from '../faults/fault-parameters.ts';
import { checkFault } from '../faults/fault-table.ts';
import { type PlannedFault, partiesOfPlan, type SwarmPlan } from './plan.ts';

export interface ShrinkOptions {
  /** Runs a plan: whether it still fails in the same way. */
  fails(plan: SwarmPlan): Promise<boolean>;
  /** No more runs: the smallest so far will do. */
  isOver(): boolean;
}

type ListField = 'faults' | 'actions' | 'objects';

const LISTS: readonly ListField[] = ['faults', 'actions', 'objects'];

/** @returns the smallest failing plan that was found; `plan` itself when nothing can be left out */
export async function shrinkPlan(plan: SwarmPlan, options: ShrinkOptions): Promise<SwarmPlan> {
  let smallest = plan;
  for (;;) {
    const before = sizeOf(smallest);
    smallest = await shorten(smallest, options);
    for (const field of LISTS) smallest = await shrinkList(smallest, field, options);
    smallest = await simplifyCluster(smallest, options);
    if (options.isOver() || sizeOf(smallest) === before) return smallest;
  }
}

function sizeOf(plan: SwarmPlan): string {
  const { cluster, chaosMs, faults, actions, objects } = plan;
  return JSON.stringify([cluster, chaosMs, faults.length, actions.length, objects.length]);
}

/** Leaves out ever smaller pieces of a list. */
async function shrinkList(plan: SwarmPlan, field: ListField, options: ShrinkOptions): Promise<SwarmPlan> {
  let smallest = plan;
  for (let size = smallest[field].length; size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < smallest[field].length && !options.isOver(); ) {
      const rest = [...smallest[field].slice(0, from), ...smallest[field].slice(from + size)];
      const smaller = { ...smallest, [field]: rest };
      if (await options.fails(smaller)) smallest = smaller;
      else from += size;
    }
  }
  return smallest;
}

/** Cuts what comes late, by halves. */
async function shorten(plan: SwarmPlan, options: ShrinkOptions): Promise<SwarmPlan> {
  let smallest = plan;
  for (let cutMs = plan.chaosMs / 2; cutMs >= 1000 && !options.isOver(); cutMs /= 2) {
    const shorter = cutAt(smallest, Math.ceil(smallest.chaosMs - cutMs));
    if (shorter.chaosMs > 0 && (await options.fails(shorter))) smallest = shorter;
  }
  return smallest;
}

function cutAt(plan: SwarmPlan, chaosMs: number): SwarmPlan {
  const faults = plan.faults
    .filter(({ atMs }) => atMs < chaosMs)
    .map((fault) =>
      fault.forMs === undefined ? fault : { ...fault, forMs: Math.min(fault.forMs, chaosMs - fault.atMs) },
    );
  return { ...plan, chaosMs, faults, actions: plan.actions.filter(({ atMs }) => atMs < chaosMs) };
}

/** A simpler cluster, one property after the other. Faults of parties that are gone go with them. */
async function simplifyCluster(plan: SwarmPlan, options: ShrinkOptions): Promise<SwarmPlan> {
  let smallest = plan;
  const { cluster } = plan;
  const simpler: Partial<SwarmPlan['cluster']>[] = [
    { latencyMs: { min: 0, max: 0 } },
    { controllers: 'in-server' },
    { flushMs: { min: 0, max: 0 } },
    { disk: 'faultless' },
    { storeLimits: {} },
    ...Array.from({ length: cluster.nodes - 1 }, (_, index) => ({ nodes: index + 1 })),
  ];
  for (const change of simpler) {
    const changed = { ...smallest.cluster, ...change };
    if (options.isOver() || JSON.stringify(changed) === JSON.stringify(smallest.cluster)) continue;
    if (changed.nodes > smallest.cluster.nodes) continue;
    const smaller = withoutStrangers({ ...smallest, cluster: changed });
    if (await options.fails(smaller)) smallest = smaller;
  }
  return smallest;
}

function withoutStrangers(plan: SwarmPlan): SwarmPlan {
  const parties = partiesOfPlan(plan.cluster);
  const isPossible = (fault: PlannedFault): boolean => {
    try {
      checkFault(fault, { parties, place: 'fault' });
      return true;
    } catch (error) {
      if (error instanceof FaultError) return false;
      throw error;
    }
  };
  return { ...plan, faults: plan.faults.filter(isPossible) };
}
