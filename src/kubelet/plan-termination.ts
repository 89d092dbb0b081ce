/**
 * What is left to do for a Pod that must end: stop its containers (each kill is one operation that knows the hook, the
 * sidecars' order and the grace period), then its sandboxes. Pure.
 */
import type { PodObservation } from './pod-observation.ts';
import { PlanDraft, type PodPlan } from './pod-plan.ts';

/** Plans the end of every container, then of every sandbox; `idle` with no sandbox ready means it is done. */
export function planTermination(observed: PodObservation): PodPlan {
  const draft = new PlanDraft();
  const alive = observed.containers.filter(({ state }) => state === 'running' || state === 'unknown');
  for (const { id, metadata } of alive) {
    if (observed.inFlight.has(metadata.name)) continue;
    const name = metadata.name;
    const message = `Stopping container ${name}`;
    draft.actions.push({ do: 'killContainer', name, containerId: id, reason: 'Stopping', message });
  }
  if (alive.length > 0 || observed.inFlight.size > 0) return draft.finish('containers are stopping');
  for (const { id, state } of observed.sandboxes) {
    if (state === 'ready') draft.actions.push({ do: 'stopSandbox', sandboxId: id });
  }
  return draft.finish('everything has stopped');
}

/** Nothing of the Pod runs and nothing is under way. */
export function hasStopped(observed: PodObservation): boolean {
  return (
    observed.inFlight.size === 0 &&
    observed.containers.every(({ state }) => state === 'exited' || state === 'created') &&
    observed.sandboxes.every(({ state }) => state === 'notready')
  );
}
