/**
 * Whether a container that is not running should be started (again). The container's own policy and its rules on exit
 * codes come before the Pod's policy.
 *
 * @see kubecontainer.ShouldContainerBeRestarted; KEP-5307 container restart rules
 */

import type { Pod } from '../api/generated/core-v1.ts';
import { isSidecar } from '../api/pod-conditions.ts';
import { matchedRuleAction } from '../api/restart-rules.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';
import type { ContainerEntry } from './container-identity.ts';

export function podRestartPolicy(pod: Pod): string {
  return pod.spec.restartPolicy ?? 'Always';
}

/** Whether an exit with `exitCode` is followed by another start. */
export function restartsAfter(pod: Pod, entry: ContainerEntry, exitCode: number): boolean {
  const container = entry.spec;
  if (entry.kind === 'ephemeral') return false;
  if (matchedRuleAction(container, exitCode) !== undefined) return true;
  const policy = container.restartPolicy ?? podRestartPolicy(pod);
  if (policy === 'Never') return false;
  if (policy === 'OnFailure') return exitCode !== 0;
  // For an init container that is no sidecar, Always means: until it succeeds.
  return entry.kind === 'main' || isSidecar(container) || exitCode !== 0;
}

/** Whether the container should be started, given its newest instance. */
export function shouldStart(pod: Pod, entry: ContainerEntry, newest: ContainerStatus | undefined): boolean {
  if (newest === undefined) return true;
  if (newest.state === 'running') return false;
  // Created but never started, or lost track of: its start is repeated.
  if (newest.state !== 'exited') return entry.kind !== 'ephemeral';
  return restartsAfter(pod, entry, newest.exitCode);
}
