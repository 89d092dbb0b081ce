/** Whether a running container may keep running, as it is: its spec and its probes decide. */
import type { Container, Pod, ResourceRequirements } from '../api/generated/core-v1.ts';
import { equalResizable, isResizable } from '../api/pod-resize.ts';
import { pickResources } from '../api/resource-list.ts';
import {
  type ContainerEntry,
  containerHash,
  HASH_ANNOTATION,
  newestContainer,
} from './container-identity.ts';
import type { PodObservation } from './pod-observation.ts';
import type { KillReason, PlanDraft } from './pod-plan.ts';
import { podRestartPolicy } from './restart-policy.ts';

/** Plans the end of a running container whose image changed or whose probe failed, or its resize. */
export function planRunningContainer(
  pod: Pod,
  entry: ContainerEntry,
  observed: PodObservation,
  draft: PlanDraft,
): void {
  const newest = newestContainer(observed.containers, entry.spec.name)!;
  const failing = whyKill(entry, newest.id, newest.annotations[HASH_ANNOTATION], observed);
  if (failing === undefined) {
    planResize(entry, observed, draft);
    return;
  }
  const { reason, text } = failing;
  const restarts = reason === 'DefinitionChanged' || canRestart(pod, entry);
  const message = restarts ? `${text}, will be restarted` : text;
  draft.actions.push({ do: 'killContainer', name: entry.spec.name, containerId: newest.id, reason, message });
}

function whyKill(
  entry: ContainerEntry,
  containerId: string,
  hash: string | undefined,
  observed: PodObservation,
): { reason: KillReason; text: string } | undefined {
  const label = `${entry.kind === 'init' ? 'Init container' : 'Container'} ${entry.spec.name}`;
  if (hash !== undefined && hash !== containerHash(entry.spec)) {
    return { reason: 'DefinitionChanged', text: `${label} definition changed` };
  }
  if (observed.probes.get(containerId, 'liveness') === 'failure') {
    return { reason: 'LivenessProbe', text: `${label} failed liveness probe` };
  }
  if (observed.probes.get(containerId, 'startup') === 'failure') {
    return { reason: 'StartupProbe', text: `${label} failed startup probe` };
  }
  return undefined;
}

function planResize({ spec }: ContainerEntry, observed: PodObservation, draft: PlanDraft): void {
  const { inFlight, nowMs, resizing } = observed;
  const newest = newestContainer(observed.containers, spec.name)!;
  const actual = resizing?.actual(newest);
  if (resizing === undefined || actual === undefined || equalResizable(actual, spec.resources)) return;
  const { id: containerId } = newest;
  const { name } = spec;
  const retryAtMs = resizing.retryAt(name);
  if (needsRestart(spec, actual)) {
    const message = `Container ${name} resize requires restart`;
    draft.actions.push({ do: 'killContainer', name, containerId, reason: 'Resized', message });
  } else if (nowMs < retryAtMs) draft.replanAt(retryAtMs);
  else if (!inFlight.has(name)) draft.actions.push({ do: 'resizeContainer', name, containerId });
}

/** Whether what changes may not change while the container runs. */
function needsRestart(
  { resizePolicy = [], resources = {} }: Container,
  actual: ResourceRequirements,
): boolean {
  return resizePolicy.some(({ resourceName: name, restartPolicy }) => {
    if (restartPolicy !== 'RestartContainer' || !isResizable(name)) return false;
    const only = (of: ResourceRequirements) => ({
      requests: pickResources(of.requests ?? {}, (other) => other === name),
      limits: pickResources(of.limits ?? {}, (other) => other === name),
    });
    return !equalResizable(only(actual), only(resources));
  });
}

function canRestart(pod: Pod, entry: ContainerEntry): boolean {
  return (entry.spec.restartPolicy ?? podRestartPolicy(pod)) !== 'Never';
}
