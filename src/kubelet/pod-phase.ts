/** A Pod's phase from the states of its containers. Pure. @see kubelet getPhase */

import type { Container, ContainerStatus, Pod } from '../api/generated/core-v1.ts';
import { isSidecar } from '../api/pod-conditions.ts';
import { matchedRuleAction } from '../api/restart-rules.ts';
import { podRestartPolicy } from './restart-policy.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

interface Counts {
  unknown: number;
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
  /** Stopped, and the container's own policy or rules will start it again. */
  restarting: number;
}

/**
 * @param isStopped  everything has stopped for good: also what would restart counts as ended
 */
export function podPhase(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  isStopped: boolean,
): PodPhase {
  const init = initState(pod, initStatuses);
  if (init === 'failed') return 'Failed';
  const mains = countStates(pod, statuses);
  const begun = mains.running + mains.stopped > 0;
  if (init === 'pending' && !begun && !isStopped) return 'Pending';
  if (mains.waiting > 0 && !isStopped) return 'Pending';
  if (mains.running > 0 && mains.unknown === 0) return 'Running';
  if (mains.running === 0 && mains.stopped > 0 && mains.unknown + mains.waiting === 0) {
    return endedPhase(pod, mains, isStopped);
  }
  // Stopped before it ever ran.
  return isStopped ? 'Failed' : 'Pending';
}

function endedPhase(pod: Pod, mains: Counts, isStopped: boolean): PodPhase {
  const outcome = mains.stopped === mains.succeeded ? 'Succeeded' : 'Failed';
  if (isStopped) return outcome;
  const policy = podRestartPolicy(pod);
  if (policy === 'Always' || mains.restarting > 0) return 'Running';
  if (outcome === 'Succeeded') return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

function initState(pod: Pod, statuses: readonly ContainerStatus[]): 'done' | 'pending' | 'failed' {
  let pending = false;
  for (const spec of pod.spec.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === spec.name);
    const terminated = status?.state?.terminated ?? status?.lastState?.terminated;
    if (isSidecar(spec)) {
      if (status?.started !== true && status?.state?.terminated === undefined) pending = true;
    } else if (status?.state?.running !== undefined || terminated === undefined) pending = true;
    else if (terminated.exitCode !== 0) {
      pending = true;
      const policy = spec.restartPolicy ?? podRestartPolicy(pod);
      if (policy === 'Never' && matchedRuleAction(spec, terminated.exitCode) === undefined) return 'failed';
    }
  }
  return pending ? 'pending' : 'done';
}

function countStates(pod: Pod, statuses: readonly ContainerStatus[]): Counts {
  const counts: Counts = { unknown: 0, running: 0, waiting: 0, stopped: 0, succeeded: 0, restarting: 0 };
  for (const spec of pod.spec.containers) {
    countOne(
      spec,
      statuses.find(({ name }) => name === spec.name),
      counts,
    );
  }
  return counts;
}

function countOne(spec: Container, status: ContainerStatus | undefined, counts: Counts): void {
  const { running, terminated, waiting } = status?.state ?? {};
  if (running !== undefined) counts.running++;
  else if (terminated !== undefined) countStopped(spec, terminated.exitCode, counts);
  else if (waiting === undefined) counts.unknown++;
  else if (status?.lastState?.terminated === undefined) counts.waiting++;
  else countStopped(spec, status.lastState.terminated.exitCode, counts);
}

function countStopped(spec: Container, exitCode: number, counts: Counts): void {
  counts.stopped++;
  if (exitCode === 0) counts.succeeded++;
  const policy = spec.restartPolicy;
  const byPolicy = policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
  if (byPolicy || matchedRuleAction(spec, exitCode) !== undefined) counts.restarting++;
}
