/**
 * The whole PodStatus from what was observed. Pure: equal inputs give equal statuses, so "write only if different" holds.
 *
 * @see kubelet generateAPIPodStatus
 */

import type { PodCondition, PodStatus } from '../api/generated/core-v1.ts';
import { isEnd } from '../api/pod-conditions.ts';
import { podQosClass } from '../api/pod-qos.ts';
import { toTimestamp } from '../base/clock.ts';
import { type ContainerKind, containersOf } from './container-identity.ts';
import { type ContainerStatusInputs, containerStatus } from './container-status.ts';
import { kubeletConditions, withTransitionTimes } from './pod-conditions.ts';
import { usableSandbox } from './pod-observation.ts';
import { type PodPhase, podPhase } from './pod-phase.ts';

/** A reason to end the Pod as Failed, whatever its containers do: `Evicted`, `DeadlineExceeded`, `OutOfcpu`. */
export interface PodFailure {
  reason: string;
  message: string;
  /** The node ends it for reasons of its own: told as condition `DisruptionTarget`, so that owners do not count it. */
  isDisruption?: boolean;
}

export interface PodStatusInputs extends ContainerStatusInputs {
  hostIps: readonly string[];
  failure: PodFailure | undefined;
  /** Containers are being stopped: a phase that ends the Pod is held back until none of them runs. */
  mayStillRun: boolean;
  /** What is told of a resize. */
  resizeConditions: readonly PodCondition[];
  /** The status last decided for this Pod; absent: the one in the API. */
  known: PodStatus | undefined;
}

export function podStatus(inputs: PodStatusInputs): PodStatus {
  const { pod, observed } = inputs;
  const known = inputs.known ?? pod.status;
  const of = (kind: ContainerKind) =>
    containersOf(pod)
      .filter((entry) => entry.kind === kind)
      .map((entry) => containerStatus(entry, inputs));
  const initStatuses = of('init');
  const statuses = of('main');
  const ephemeral = of('ephemeral');
  const phase = decidePhase(inputs, podPhase(pod, initStatuses, statuses, inputs.isStopped));
  const hasSandbox = usableSandbox(observed) !== undefined;
  const conditions = [
    ...kubeletConditions(pod, { phase, initStatuses, statuses, hasSandbox }),
    ...disruption(inputs),
    ...inputs.resizeConditions,
  ];
  const failure = phase === 'Failed' ? (inputs.failure ?? keptFailure(known)) : undefined;
  return {
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    phase,
    conditions: withTransitionTimes(conditions, known, toTimestamp(observed.nowMs)),
    ...(failure === undefined ? {} : { reason: failure.reason, message: failure.message }),
    ...addresses(inputs),
    startTime: known?.startTime ?? toTimestamp(observed.nowMs),
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
    qosClass: pod.status?.qosClass ?? podQosClass(pod),
  };
}

/**
 * A Pod that has ended stays ended, also when the API has not answered yet that it knows; one whose containers may still
 * run has not. @see status_manager mergePodStatus
 */
function decidePhase({ failure, mayStillRun, pod, known }: PodStatusInputs, computed: PodPhase): PodPhase {
  const phases = [pod.status?.phase, known?.phase] as (PodPhase | undefined)[];
  const ended = phases.find(isEnd);
  if (ended !== undefined) return ended;
  const phase = failure === undefined ? computed : 'Failed';
  return isEnd(phase) && mayStillRun ? (phases[0] ?? 'Pending') : phase;
}

function keptFailure(known: PodStatus | undefined): PodFailure | undefined {
  if (known?.phase !== 'Failed' || known.reason === undefined) return undefined;
  return { reason: known.reason, message: known.message ?? '' };
}

function addresses({ hostIps, observed, pod }: PodStatusInputs): Partial<PodStatus> {
  const sandboxIp = pod.spec.hostNetwork === true ? hostIps[0] : observed.sandboxes[0]?.ip;
  const ip = sandboxIp === undefined || sandboxIp === '' ? undefined : sandboxIp;
  return {
    ...(hostIps[0] === undefined
      ? {}
      : { hostIP: hostIps[0], hostIPs: hostIps.map((host) => ({ ip: host })) }),
    ...(ip === undefined ? {} : { podIP: ip, podIPs: [{ ip }] }),
  };
}

/** @see kubelet eviction and node shutdown: reason TerminationByKubelet */
function disruption({ failure }: PodStatusInputs): PodCondition[] {
  if (failure?.isDisruption !== true) return [];
  return [
    { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message: failure.message },
  ];
}
