/** Whether a running container may keep running: its spec and its probes decide. */
import type { Pod } from '../api/generated/core-v1.ts';
import {
  type ContainerEntry,
  containerHash,
  HASH_ANNOTATION,
  newestContainer,
} from './container-identity.ts';
import type { PodObservation } from './pod-observation.ts';
import type { KillReason, PlanDraft } from './pod-plan.ts';
import { podRestartPolicy } from './restart-policy.ts';

/** Plans the end of a running container whose image changed or whose startup or liveness probe failed. */
export function planRunningContainer(
  pod: Pod,
  entry: ContainerEntry,
  observed: PodObservation,
  draft: PlanDraft,
): void {
  const newest = newestContainer(observed.containers, entry.spec.name)!;
  const failing = whyKill(entry, newest.id, newest.annotations[HASH_ANNOTATION], observed);
  if (failing === undefined) return;
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

function canRestart(pod: Pod, entry: ContainerEntry): boolean {
  return (entry.spec.restartPolicy ?? podRestartPolicy(pod)) !== 'Never';
}
