/** What a Pod's worker sees when it decides: the runtime's state, the probes' results, and what it has in flight itself. */
import type { ResourceRequirements } from '../api/generated/core-v1.ts';
import type { ContainerStatus, SandboxStatus } from '../container-runtime/runtime.ts';

/** A Pod's part of the runtime. */
export interface PodRuntime {
  /** Newest first. */
  sandboxes: readonly SandboxStatus[];
  /** Newest first, all attempts. */
  containers: readonly ContainerStatus[];
}

export const NOTHING_RUNNING: PodRuntime = { sandboxes: [], containers: [] };

export type ProbeType = 'startup' | 'liveness' | 'readiness';
export type ProbeResult = 'success' | 'failure' | 'unknown';

/** Results by container id. A container without a probe of that type counts as `success`. */
export interface ProbeResults {
  get(containerId: string, type: ProbeType): ProbeResult;
}

/** What containers have, of a Pod that is or was being resized. */
export interface Resizing {
  /** `undefined` when the instance does not say. */
  actual(instance: ContainerStatus): ResourceRequirements | undefined;
  /** Earliest retry of a container's resize that has failed; 0 when none has. */
  retryAt(name: string): number;
}

/** Why a container could not be started. */
export interface StartFailure {
  /** `ErrImagePull`, `ImagePullBackOff`, `CreateContainerConfigError`, … */
  reason: string;
  message: string;
  retryAtMs: number;
  /** What it is called from a later moment on, while it waits for its retry. */
  becomes?: { atMs: number; reason: string; message: string };
}

/** Key of sandbox operations in {@link PodObservation.inFlight}; no container can have this name. */
export const SANDBOX_OPERATION = '/sandbox';
export const VOLUMES_OPERATION = '/volumes';

export interface PodObservation extends PodRuntime {
  nowMs: number;
  probes: ProbeResults;
  /** Names of containers (and the two keys above) that an operation is under way for. */
  inFlight: ReadonlySet<string>;
  startFailures: ReadonlyMap<string, StartFailure>;
  /** Running containers whose postStart hook has not finished: reported as still being created. */
  postStartPending: ReadonlySet<string>;
  /** Containers killed because their spec changed: started again whatever the restart policy. */
  killedForChange: ReadonlySet<string>;
  /** Absent while every container has what the spec says. */
  resizing: Resizing | undefined;
  volumesReady: boolean;
  /** Earliest retry after a failed sandbox or volume; 0 when there was no failure. */
  sandboxRetryAtMs: number;
  volumesRetryAtMs: number;
}

/** The newest sandbox when it can hold containers; otherwise a new one is needed. @see runtime.PodSandboxChanged */
export function usableSandbox(runtime: PodRuntime): SandboxStatus | undefined {
  const newest = runtime.sandboxes[0];
  return newest !== undefined && newest.state === 'ready' && newest.ip !== '' ? newest : undefined;
}
