/**
 * The Pod's conditions that the kubelet owns. Pure; transition times are set when they are merged with the known ones.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/status/generate.go
 */

import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../api/generated/core-v1.ts';
import { isSidecar } from '../api/pod-conditions.ts';
import type { PodPhase } from './pod-phase.ts';

export interface ConditionInputs {
  phase: PodPhase;
  initStatuses: readonly ContainerStatus[];
  statuses: readonly ContainerStatus[];
  hasSandbox: boolean;
}

export function kubeletConditions(pod: Pod, inputs: ConditionInputs): PodCondition[] {
  const containersReady = containersReadyCondition(pod, inputs);
  const conditions = [
    { type: 'PodReadyToStartContainers', status: inputs.hasSandbox ? 'True' : 'False' },
    initializedCondition(pod, inputs),
    readyCondition(pod, containersReady),
    containersReady,
    { type: 'PodScheduled', status: 'True' },
  ];
  const { generation } = pod.metadata;
  if (generation === undefined) return conditions;
  return conditions.map((condition) => ({ ...condition, observedGeneration: generation }));
}

function initializedCondition(pod: Pod, { phase, initStatuses, statuses }: ConditionInputs): PodCondition {
  const type = 'Initialized';
  if (phase === 'Succeeded') return { type, status: 'True', reason: 'PodCompleted' };
  // A main container that was started proves it; the init containers themselves may be gone.
  const begun = statuses.some(
    ({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated,
  );
  const incomplete = (pod.spec.initContainers ?? []).filter((spec) => {
    const status = initStatuses.find(({ name }) => name === spec.name);
    if (isSidecar(spec)) return status?.started !== true && status?.state?.terminated === undefined;
    return status?.ready !== true;
  });
  if (begun || incomplete.length === 0) return { type, status: 'True' };
  const names = incomplete.map(({ name }) => name).join(' ');
  const message = `containers with incomplete status: [${names}]`;
  return { type, status: 'False', reason: 'ContainersNotInitialized', message };
}

/** Sidecars serve as the main containers do, and count as they do. */
function containersReadyCondition(
  pod: Pod,
  { phase, initStatuses, statuses }: ConditionInputs,
): PodCondition {
  const type = 'ContainersReady';
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const sidecars = new Set((pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const serving = [...initStatuses.filter(({ name }) => sidecars.has(name)), ...statuses];
  const unready = serving.filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { type, status: 'True' };
  const message = `containers with unready status: [${unready.join(' ')}]`;
  return { type, status: 'False', reason: 'ContainersNotReady', message };
}

function readyCondition(pod: Pod, containersReady: PodCondition): PodCondition {
  if (containersReady.status !== 'True') return { ...containersReady, type: 'Ready' };
  const closed = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (gate === undefined) {
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    }
    if (gate.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  if (closed.length === 0) return { type: 'Ready', status: 'True' };
  return { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: closed.join(', ') };
}

/** Sets each condition's transition time: that of `known` while its status stays the same, else `now`. */
export function withTransitionTimes(
  conditions: readonly PodCondition[],
  known: PodStatus | undefined,
  now: string,
): PodCondition[] {
  return conditions.map((condition) => {
    const before = known?.conditions?.find(({ type }) => type === condition.type);
    const isSame = before?.status === condition.status;
    return { ...condition, lastTransitionTime: (isSame ? before.lastTransitionTime : undefined) ?? now };
  });
}
