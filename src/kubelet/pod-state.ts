/**
 * The life of a Pod on its node, and the one function that moves it.
 *
 *   syncing ──deleted, deadline, evicted, nothing left to run──▶ terminating ──all stopped──▶ terminated
 *
 * A shorter grace period is the only change within `terminating`; nothing leads back.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/pod_workers.go SyncPod, SyncTerminatingPod, SyncTerminatedPod
 */
import type { Pod } from '../api/generated/core-v1.ts';
import { isPodTerminal } from '../api/pod-conditions.ts';
import { parseTimestamp } from '../base/clock.ts';
import { GRACE_DEFAULT_SECONDS } from './defaults.ts';
import type { PodFailure } from './pod-status.ts';

export type PodState =
  | { is: 'syncing' }
  | { is: 'terminating'; graceSeconds: number; failure: PodFailure | undefined }
  | { is: 'terminated'; failure: PodFailure | undefined };

export interface PodInputs {
  pod: Pod;
  nowMs: number;
  /** The object is gone from the API: whatever runs must end. */
  isRemoved: boolean;
  /** Someone on the node ends the Pod: shutdown, eviction. */
  eviction: { failure: PodFailure; graceSeconds: number } | undefined;
  /** The plan found nothing left to run. */
  isFinished: boolean;
  /** Nothing runs, nothing is under way, the sandboxes have stopped. */
  hasStopped: boolean;
}

export const DEADLINE_FAILURE: PodFailure = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};

export function nextPodState(state: PodState, inputs: PodInputs): PodState {
  if (state.is === 'terminated') return state;
  if (state.is === 'terminating') {
    if (inputs.hasStopped) return { is: 'terminated', failure: state.failure };
    const graceSeconds = Math.min(state.graceSeconds, demandedGrace(inputs) ?? state.graceSeconds);
    return graceSeconds === state.graceSeconds ? state : { ...state, graceSeconds };
  }
  const failure = inputs.eviction?.failure ?? deadlineFailure(inputs);
  const graceSeconds = demandedGrace(inputs);
  if (graceSeconds !== undefined) return { is: 'terminating', graceSeconds, failure };
  const mustEnd = failure !== undefined || inputs.isFinished || isPodTerminal(inputs.pod);
  if (!mustEnd) return state;
  return { is: 'terminating', graceSeconds: podGrace(inputs.pod), failure };
}

/** Seconds that somebody has asked the Pod to end in; at least 1. @see calculateEffectiveGracePeriod */
function demandedGrace({ eviction, isRemoved, pod }: PodInputs): number | undefined {
  const { deletionGracePeriodSeconds, deletionTimestamp } = pod.metadata;
  const asked =
    deletionTimestamp !== undefined
      ? (deletionGracePeriodSeconds ?? podGrace(pod))
      : isRemoved
        ? podGrace(pod)
        : undefined;
  const demands = [asked, eviction?.graceSeconds].filter((seconds) => seconds !== undefined);
  return demands.length === 0 ? undefined : Math.max(1, Math.min(...demands));
}

function podGrace(pod: Pod): number {
  return pod.spec.terminationGracePeriodSeconds ?? GRACE_DEFAULT_SECONDS;
}

/** When `activeDeadlineSeconds` ends the Pod, wall ms. */
export function deadlineMs(pod: Pod): number | undefined {
  const startedMs = parseTimestamp(pod.status?.startTime);
  const { activeDeadlineSeconds } = pod.spec;
  if (startedMs === undefined || activeDeadlineSeconds === undefined) return undefined;
  return startedMs + activeDeadlineSeconds * 1000;
}

function deadlineFailure({ nowMs, pod }: PodInputs): PodFailure | undefined {
  const atMs = deadlineMs(pod);
  return atMs !== undefined && nowMs >= atMs ? DEADLINE_FAILURE : undefined;
}
