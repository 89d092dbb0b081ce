/**
 * `containerStatuses` as kubectl shows them, from the runtime's instances, the reasons for waiting and what the API knew
 * before. Pure.
 *
 * @see kubelet convertToAPIContainerStatuses
 */

import type {
  ContainerStatus as ApiContainerStatus,
  ContainerState,
  ContainerStateTerminated,
  Pod,
} from '../api/generated/core-v1.ts';
import { isSidecar } from '../api/pod-conditions.ts';
import { toTimestamp } from '../base/clock.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';
import { type ContainerEntry, newestContainer } from './container-identity.ts';
import type { PodObservation, ProbeResults, Resizing } from './pod-observation.ts';
import type { WaitingReason } from './pod-plan.ts';

export interface ContainerStatusInputs {
  pod: Pod;
  observed: PodObservation;
  waiting: ReadonlyMap<string, WaitingReason>;
  /** Scheme of container ids: `process`, `containerd`. */
  runtimeName: string;
  /** Termination messages by container id. */
  messages: ReadonlyMap<string, string>;
  /** Absent while every container has what the spec says. */
  resizing: Resizing | undefined;
  /** Everything of the Pod has stopped for good. */
  isStopped: boolean;
}

/** The status of one container of the spec. @param inputs  `pod` with what its node gives to it */
export function containerStatus(entry: ContainerEntry, inputs: ContainerStatusInputs): ApiContainerStatus {
  const status = stateOf(entry, inputs);
  return isResized(entry) ? { ...status, ...resourcesOf(entry, inputs) } : status;
}

/** Only what runs for as long as its Pod can be resized, and says what it has. */
function isResized(entry: ContainerEntry): boolean {
  return entry.kind !== 'ephemeral' && !runsToCompletion(entry);
}

/** What the container was given, and what it has now; one that does not run will have what it was given. */
function resourcesOf({ spec }: ContainerEntry, { observed, resizing }: ContainerStatusInputs) {
  const { resources = {} } = spec;
  const newest = newestContainer(observed.containers, spec.name);
  const actual = newest?.state === 'running' ? resizing?.actual(newest) : undefined;
  return {
    ...(resources.requests === undefined ? {} : { allocatedResources: resources.requests }),
    resources: actual ?? resources,
  };
}

function stateOf(entry: ContainerEntry, inputs: ContainerStatusInputs): ApiContainerStatus {
  const instances = inputs.observed.containers.filter(({ metadata }) => metadata.name === entry.spec.name);
  const [newest] = instances;
  if (newest === undefined) return statusWithoutInstance(entry, inputs);
  if (newest.state === 'created' || isStarting(newest, inputs)) {
    return statusWhileCreated(entry, instances, inputs);
  }
  const status = baseStatus(entry, newest, inputs);
  const wait = newest.state === 'running' ? undefined : inputs.waiting.get(entry.spec.name);
  if (wait !== undefined && !inputs.isStopped) {
    status.state = { waiting: { reason: wait.reason, message: wait.message } };
    status.lastState = { terminated: terminatedState(newest, inputs) };
    return status;
  }
  if (newest.state === 'running') {
    status.state = { running: { startedAt: toTimestamp(newest.startedAtMs) } };
    status.started = isStarted(newest, inputs.observed.probes);
    const passes = inputs.observed.probes.get(newest.id, 'readiness') === 'success';
    status.ready = !runsToCompletion(entry) && status.started && passes;
  } else {
    status.state = { terminated: terminatedState(newest, inputs) };
    status.ready = runsToCompletion(entry) && newest.exitCode === 0;
  }
  const previous = instances[1];
  if (previous?.state === 'exited') status.lastState = { terminated: terminatedState(previous, inputs) };
  return status;
}

/** An ordinary init container: it is ready when it has done its work, not before. */
function runsToCompletion({ kind, spec }: ContainerEntry): boolean {
  return kind === 'init' && !isSidecar(spec);
}

function baseStatus(
  entry: ContainerEntry,
  instance: ContainerStatus,
  inputs: ContainerStatusInputs,
): ApiContainerStatus {
  return {
    name: entry.spec.name,
    state: {},
    lastState: {},
    ready: false,
    restartCount: instance.metadata.attempt,
    image: instance.image,
    imageID: instance.imageId,
    containerID: toContainerId(instance.id, inputs.runtimeName),
    started: false,
  };
}

/** `process://ID` */
function toContainerId(id: string, runtimeName: string): string {
  return `${runtimeName}://${id}`;
}

/** The startup probe has passed, or there is none. */
function isStarted(instance: ContainerStatus, probes: ProbeResults): boolean {
  return instance.state === 'running' && probes.get(instance.id, 'startup') === 'success';
}

function isStarting(instance: ContainerStatus, { observed }: ContainerStatusInputs): boolean {
  return instance.state === 'running' && observed.postStartPending.has(instance.id);
}

/** Made but not started, or its postStart hook is still running: not there yet for anyone outside. */
function statusWhileCreated(
  entry: ContainerEntry,
  instances: readonly ContainerStatus[],
  inputs: ContainerStatusInputs,
): ApiContainerStatus {
  const [newest, previous] = instances;
  const status = baseStatus(entry, newest!, inputs);
  status.state = { waiting: waitingFor(entry, inputs) };
  if (previous?.state === 'exited') status.lastState = { terminated: terminatedState(previous, inputs) };
  return status;
}

function waitingFor(
  entry: ContainerEntry,
  inputs: ContainerStatusInputs,
): WaitingReason | { reason: string } {
  const known = inputs.waiting.get(entry.spec.name);
  if (known !== undefined) return { reason: known.reason, message: known.message };
  const hasInit = (inputs.pod.spec.initContainers ?? []).length > 0;
  return { reason: hasInit && entry.kind !== 'ephemeral' ? 'PodInitializing' : 'ContainerCreating' };
}

/** Nothing in the runtime: not made yet, or lost with what the API last knew of it. */
function statusWithoutInstance(entry: ContainerEntry, inputs: ContainerStatusInputs): ApiContainerStatus {
  const known = previousStatus(entry, inputs.pod);
  if (known?.state?.terminated !== undefined) return known;
  const status: ApiContainerStatus = {
    name: entry.spec.name,
    state: { waiting: waitingFor(entry, inputs) },
    lastState: known?.lastState ?? {},
    ready: false,
    restartCount: known?.restartCount ?? 0,
    image: entry.spec.image ?? '',
    imageID: '',
    started: false,
  };
  if (known?.state?.running !== undefined) Object.assign(status, lostState(known, inputs));
  else if (inputs.isStopped && known?.lastState?.terminated !== undefined)
    status.state = { terminated: LOST_FOR_GOOD };
  return status;
}

function previousStatus(entry: ContainerEntry, pod: Pod): ApiContainerStatus | undefined {
  const { initContainerStatuses, containerStatuses, ephemeralContainerStatuses } = pod.status ?? {};
  const lists = {
    init: initContainerStatuses,
    main: containerStatuses,
    ephemeral: ephemeralContainerStatuses,
  };
  return lists[entry.kind]?.find((status) => status.name === entry.spec.name);
}

/** @see status_manager TerminatePod */
const LOST_FOR_GOOD: ContainerStateTerminated = {
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: 'The container could not be located when the pod was terminated',
};

/** It ran and is gone without a trace: the machine was restarted or the runtime's state was lost. */
function lostState(known: ApiContainerStatus, inputs: ContainerStatusInputs): Partial<ApiContainerStatus> {
  const terminated: ContainerStateTerminated = {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was deleted.  The container used to be Running',
    ...(known.containerID === undefined ? {} : { containerID: known.containerID }),
  };
  if (inputs.isStopped) return { state: { terminated }, restartCount: known.restartCount };
  return { lastState: { terminated }, restartCount: known.restartCount + 1 };
}

function terminatedState(
  instance: ContainerStatus,
  { messages, runtimeName }: ContainerStatusInputs,
): NonNullable<ContainerState['terminated']> {
  const message = messages.get(instance.id) || instance.message;
  return {
    exitCode: instance.state === 'unknown' ? 137 : instance.exitCode,
    reason: instance.state === 'unknown' ? 'ContainerStatusUnknown' : instance.reason,
    ...(message === '' ? {} : { message }),
    ...(instance.startedAtMs === 0 ? {} : { startedAt: toTimestamp(instance.startedAtMs) }),
    ...(instance.finishedAtMs === 0 ? {} : { finishedAt: toTimestamp(instance.finishedAtMs) }),
    containerID: toContainerId(instance.id, runtimeName),
  };
}
