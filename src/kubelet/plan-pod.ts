/**
 * The kubelet's decision for one Pod that should run: `(pod, observed) → plan`. Pure; called again after every change,
 * so a plan holds only what can be done now.
 *
 *   volumes → sandbox → init containers, one after another → main containers, all at once
 *
 * Invariant: at most one action per container, none for a container with an operation in flight.
 *
 * @see kuberuntime computePodActions; differs: steps that upstream does in one blocking sync are separate plans here
 */
import type { Pod } from '../api/generated/core-v1.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';
import { type ContainerEntry, containersOf, newestContainer } from './container-identity.ts';
import { planInitContainers } from './plan-init-containers.ts';
import { planRunningContainer } from './plan-running-container.ts';
import { noteFailure, planStart } from './plan-start.ts';
import {
  type PodObservation,
  SANDBOX_OPERATION,
  usableSandbox,
  VOLUMES_OPERATION,
} from './pod-observation.ts';
import { PlanDraft, type PodPlan } from './pod-plan.ts';
import { restartsAfter, shouldStart } from './restart-policy.ts';

/** Decides what to do now for a Pod that is neither being deleted nor finished. */
export function planPod(pod: Pod, observed: PodObservation): PodPlan {
  const draft = new PlanDraft();
  const sandbox = usableSandbox(observed);
  if (sandbox === undefined) return planSandbox(pod, observed, draft);

  for (const [name, failure] of observed.startFailures) {
    if (observed.inFlight.has(name)) noteFailure(name, failure, observed.nowMs, draft);
  }
  if (!observed.volumesReady) planVolumes(observed, draft);
  planGarbage(observed, draft);
  planEphemeralContainers(pod, observed, draft);
  if (!planInitContainers(pod, observed, draft)) return planFinish(pod, observed, draft);

  for (const spec of pod.spec.containers) {
    planMainContainer(pod, { kind: 'main', spec }, observed, draft);
  }
  return planFinish(pod, observed, draft);
}

function planMainContainer(
  pod: Pod,
  entry: ContainerEntry,
  observed: PodObservation,
  draft: PlanDraft,
): void {
  const { name } = entry.spec;
  if (observed.inFlight.has(name)) return;
  const newest = newestContainer(observed.containers, name);
  if (newest?.state === 'running') planRunningContainer(pod, entry, observed, draft);
  else if (mayStart(pod, entry, newest, observed)) planStart(pod, entry, observed, draft);
}

function mayStart(
  pod: Pod,
  entry: ContainerEntry,
  newest: ContainerStatus | undefined,
  observed: PodObservation,
): boolean {
  return shouldStart(pod, entry, newest) || (newest !== undefined && observed.killedForChange.has(newest.id));
}

/** Plans what leads to a usable sandbox: whatever still runs in an old one goes first. */
function planSandbox(pod: Pod, observed: PodObservation, draft: PlanDraft): PodPlan {
  const old = observed.sandboxes[0];
  if (observed.inFlight.has(SANDBOX_OPERATION)) return draft.finish('the sandbox is being made');
  const running = observed.containers.filter((container) => container.state === 'running');
  for (const { id, metadata } of running) {
    if (observed.inFlight.has(metadata.name)) continue;
    const message = `Stopping container ${metadata.name}`;
    const name = metadata.name;
    draft.actions.push({ do: 'killContainer', name, containerId: id, reason: 'SandboxChanged', message });
  }
  if (running.length > 0) return draft.finish('containers of the old sandbox are stopping');
  if (old !== undefined && !needsNewSandbox(pod, observed)) {
    if (observed.inFlight.size === 0) draft.actions.push({ do: 'finish' });
    return draft.finish('the sandbox is gone and no container has to run again');
  }
  if (old?.state === 'ready') draft.actions.push({ do: 'stopSandbox', sandboxId: old.id });
  else planFirstSteps(observed, draft, old === undefined ? 0 : old.metadata.attempt + 1);
  return draft.finish('the volumes or the sandbox must wait before they are tried again');
}

function planFirstSteps(observed: PodObservation, draft: PlanDraft, attempt: number): void {
  if (!observed.volumesReady) planVolumes(observed, draft);
  else if (observed.nowMs < observed.sandboxRetryAtMs) draft.replanAt(observed.sandboxRetryAtMs);
  else draft.actions.push({ do: 'runSandbox', attempt });
}

function planVolumes(observed: PodObservation, draft: PlanDraft): void {
  if (observed.inFlight.has(VOLUMES_OPERATION)) return;
  if (observed.nowMs < observed.volumesRetryAtMs) draft.replanAt(observed.volumesRetryAtMs);
  else draft.actions.push({ do: 'mountVolumes' });
}

/** Whether any container would be started in a new sandbox. */
function needsNewSandbox(pod: Pod, observed: PodObservation): boolean {
  return containersOf(pod).some((entry) => {
    if (entry.kind !== 'main') return false;
    return shouldStart(pod, entry, newestContainer(observed.containers, entry.spec.name));
  });
}

/** Ephemeral containers start once and never again. */
function planEphemeralContainers(pod: Pod, observed: PodObservation, draft: PlanDraft): void {
  for (const spec of pod.spec.ephemeralContainers ?? []) {
    const isKnown = newestContainer(observed.containers, spec.name) !== undefined;
    if (isKnown || observed.inFlight.has(spec.name)) continue;
    planStart(pod, { kind: 'ephemeral', spec }, observed, draft);
  }
}

/** The Pod is finished when no main container runs, starts, or will start again. */
function planFinish(pod: Pod, observed: PodObservation, draft: PlanDraft): PodPlan {
  const isOpen = (entry: ContainerEntry): boolean => {
    if (observed.inFlight.has(entry.spec.name)) return true;
    const newest = newestContainer(observed.containers, entry.spec.name);
    if (newest?.state === 'running') return true;
    return mayStart(pod, entry, newest, observed);
  };
  const mains = pod.spec.containers.map((spec): ContainerEntry => ({ kind: 'main', spec }));
  if (!mains.some(isOpen) || hasInitFailed(pod, observed)) draft.actions.push({ do: 'finish' });
  return draft.finish('everything runs as it should, or waits for its time');
}

/** An init container failed and the policy does not let it try again. */
function hasInitFailed(pod: Pod, observed: PodObservation): boolean {
  const sandboxId = observed.sandboxes[0]?.id;
  return (pod.spec.initContainers ?? []).some((spec) => {
    const newest = newestContainer(observed.containers, spec.name);
    if (newest?.state !== 'exited' || newest.sandboxId !== sandboxId || newest.exitCode === 0) return false;
    if (observed.inFlight.has(spec.name) || observed.killedForChange.has(newest.id)) return false;
    return !restartsAfter(pod, { kind: 'init', spec }, newest.exitCode);
  });
}

/** Dead instances: the newest and the one before it stay, for `state`, `lastState` and `logs --previous`. */
function planGarbage(observed: PodObservation, draft: PlanDraft): void {
  const kept = new Map<string, number>();
  const keptSandboxes = new Set<string>([observed.sandboxes[0]!.id]);
  for (const container of observed.containers) {
    const { name } = container.metadata;
    const count = kept.get(name) ?? 0;
    const isDead = container.state === 'exited' || (container.state === 'created' && count > 0);
    if (isDead && count >= 2) {
      if (!observed.inFlight.has(name))
        draft.actions.push({ do: 'removeContainer', containerId: container.id });
    } else {
      kept.set(name, count + 1);
      keptSandboxes.add(container.sandboxId);
    }
  }
  for (const { id } of observed.sandboxes) {
    if (!keptSandboxes.has(id)) draft.actions.push({ do: 'removeSandbox', sandboxId: id });
  }
}
