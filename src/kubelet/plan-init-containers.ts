/**
 * Init containers in order: each ordinary one to success, each sidecar until it has started; then the next.
 *
 * Once any main container exists in the sandbox the Pod counts as initialised: ordinary init containers are not looked
 * at again (they may have been removed), sidecars are kept running.
 *
 * @see kuberuntime computeInitContainerActions
 */

import type { Pod } from '../api/generated/core-v1.ts';
import { isSidecar } from '../api/pod-conditions.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';
import { type ContainerEntry, newestContainer } from './container-identity.ts';
import { planRunningContainer } from './plan-running-container.ts';
import { planStart } from './plan-start.ts';
import type { PodObservation } from './pod-observation.ts';
import type { PlanDraft } from './pod-plan.ts';
import { restartsAfter } from './restart-policy.ts';

/** Plans the next step; true when the main containers may start. */
export function planInitContainers(pod: Pod, observed: PodObservation, draft: PlanDraft): boolean {
  const initialized = isInitialized(pod, observed);
  for (const spec of pod.spec.initContainers ?? []) {
    const entry: ContainerEntry = { kind: 'init', spec };
    const mayGoOn = isSidecar(spec)
      ? planSidecar(pod, entry, observed, draft)
      : initialized || planOneShot(pod, entry, observed, draft);
    if (!mayGoOn && !initialized) return false;
  }
  return true;
}

/** True when a main container was made in the newest sandbox. @see kuberuntime HasAnyRegularContainerCreated */
function isInitialized(pod: Pod, observed: PodObservation): boolean {
  const sandboxId = observed.sandboxes[0]?.id;
  return observed.containers.some(
    ({ metadata, sandboxId: id }) =>
      id === sandboxId && pod.spec.containers.some((main) => main.name === metadata.name),
  );
}

/** Only an instance in the newest sandbox counts: a new sandbox is initialised from the beginning. */
function currentInstance(entry: ContainerEntry, observed: PodObservation): ContainerStatus | undefined {
  const newest = newestContainer(observed.containers, entry.spec.name);
  return newest?.sandboxId === observed.sandboxes[0]?.id ? newest : undefined;
}

function planSidecar(pod: Pod, entry: ContainerEntry, observed: PodObservation, draft: PlanDraft): boolean {
  if (observed.inFlight.has(entry.spec.name)) return false;
  const current = currentInstance(entry, observed);
  if (current?.state !== 'running') {
    planStart(pod, entry, observed, draft);
    return false;
  }
  planRunningContainer(pod, entry, observed, draft);
  return observed.probes.get(current.id, 'startup') === 'success';
}

function planOneShot(pod: Pod, entry: ContainerEntry, observed: PodObservation, draft: PlanDraft): boolean {
  if (observed.inFlight.has(entry.spec.name)) return false;
  const current = currentInstance(entry, observed);
  if (current?.state === 'exited' && current.exitCode === 0) return true;
  const waits = current?.state === 'running';
  const failedForGood = current?.state === 'exited' && !restartsAfter(pod, entry, current.exitCode);
  if (!waits && !failedForGood) planStart(pod, entry, observed, draft);
  return false;
}
