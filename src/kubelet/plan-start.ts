/** Whether a container may start now, or what it waits for: a failure's retry, or the restart back-off. */
import type { Pod } from '../api/generated/core-v1.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';
import { type ContainerEntry, newestContainer } from './container-identity.ts';
import type { PodObservation, StartFailure } from './pod-observation.ts';
import type { PlanDraft } from './pod-plan.ts';
import { backoffMessage, decideRestart } from './restart-backoff.ts';

/** Plans a start, or says why the container must wait for it. */
export function planStart(pod: Pod, entry: ContainerEntry, observed: PodObservation, draft: PlanDraft): void {
  const { name } = entry.spec;
  // Sandbox of an earlier agent: its volumes are looked at again before anything new is mounted from them.
  if (!observed.volumesReady) return;
  const failure = observed.startFailures.get(name);
  if (failure !== undefined) {
    noteFailure(name, failure, observed.nowMs, draft);
    if (observed.nowMs < failure.retryAtMs) {
      draft.replanAt(failure.retryAtMs);
      return;
    }
  }
  const newest = newestContainer(observed.containers, name);
  const decision = decideRestart(pod, entry.spec, newest, observed.nowMs);
  if (!decision.startNow) {
    const message = backoffMessage(pod, name, decision.backoffMs);
    draft.waiting.set(name, { reason: 'CrashLoopBackOff', message });
    draft.replanAt(decision.atMs);
    return;
  }
  draft.actions.push({
    do: 'startContainer',
    name,
    sandboxId: observed.sandboxes[0]!.id,
    attempt: nextAttempt(pod, entry, newest),
    backoffMs: decision.carryMs,
  });
}

/** Counts on from the runtime, or from the API where the runtime has lost the container. */
function nextAttempt(pod: Pod, entry: ContainerEntry, newest: ContainerStatus | undefined): number {
  if (newest !== undefined) return newest.metadata.attempt + 1;
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const statuses = entry.kind === 'init' ? initContainerStatuses : containerStatuses;
  const known = statuses.find((status) => status.name === entry.spec.name);
  if (known === undefined) return 0;
  return known.containerID === undefined ? known.restartCount : known.restartCount + 1;
}

/** Says why the container waits: a failure has its name, and from a later moment on another. */
export function noteFailure(name: string, failure: StartFailure, nowMs: number, draft: PlanDraft): void {
  const { becomes } = failure;
  if (becomes === undefined) draft.waiting.set(name, failure);
  else if (nowMs >= becomes.atMs) draft.waiting.set(name, becomes);
  else {
    draft.waiting.set(name, failure);
    draft.replanAt(becomes.atMs);
  }
}
