/**
 * One effect per action of a Pod's plan. Each runs beside the worker's loop as an operation with a key; the worker is
 * woken once it has ended and the runtime has been listed again, so a plan never sees a half-done step as not begun.
 */

import type { Pod } from '../api/generated/core-v1.ts';
import { isCancellation } from '../base/abort.ts';
import { assert } from '../base/assert.ts';
import { sandboxConfig } from './container-config.ts';
import { podSubject } from './container-events.ts';
import { findContainer } from './container-identity.ts';
import {
  SANDBOX_RETRY_BASE_MS,
  SANDBOX_RETRY_MAX_MS,
  VOLUME_RETRY_BASE_MS,
  VOLUME_RETRY_MAX_MS,
} from './defaults.ts';
import type { PodFacts } from './downward-api.ts';
import { killContainer } from './kill-container.ts';
import { gracePeriodSeconds } from './lifecycle.ts';
import type { PodDeps } from './pod-deps.ts';
import type { PodMemory } from './pod-memory.ts';
import { SANDBOX_OPERATION, VOLUMES_OPERATION } from './pod-observation.ts';
import type { PodAction } from './pod-plan.ts';
import type { PodResize } from './resize/pod-resize.ts';
import { resizeContainer } from './resize/resize-container.ts';
import { nextBackoff } from './restart-backoff.ts';
import { startContainer } from './start-container.ts';
import type { TerminationOrder } from './termination-order.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';

/** How the Pod is being ended; absent while it should run. */
export interface Ending {
  graceSeconds: number;
  order: TerminationOrder;
  /** False once a first round of kills has run the hooks. */
  runsHooks: boolean;
}

export interface OperationContext {
  deps: PodDeps;
  pod: Pod;
  memory: PodMemory;
  volumes: PodVolumes;
  /** Absent while no resize has been seen. */
  resize: PodResize | undefined;
  ending: Ending | undefined;
  /** Aborts when the Pod must end: for everything that builds up. */
  startSignal: AbortSignal;
  /** Aborts when the grace period is shortened. */
  killSignal: AbortSignal;
  agentSignal: AbortSignal;
  /** Called when the operation has ended and the runtime was listed, if it may have changed. */
  onEnd(): void;
}

/** Begins `action`; true for actions that the worker itself must handle. */
export function beginOperation(
  context: OperationContext,
  action: Exclude<PodAction, { do: 'finish' }>,
): void {
  const key = operationKey(action);
  context.memory.inFlight.add(key);
  void runOperation(context, action, key);
}

function operationKey(action: Exclude<PodAction, { do: 'finish' }>): string {
  if ('name' in action) return action.name;
  if (action.do === 'mountVolumes') return VOLUMES_OPERATION;
  return action.do === 'removeContainer' ? `/remove/${action.containerId}` : SANDBOX_OPERATION;
}

async function runOperation(
  context: OperationContext,
  action: Exclude<PodAction, { do: 'finish' }>,
  key: string,
): Promise<void> {
  const { agentSignal, deps, memory, pod } = context;
  try {
    await OPERATIONS[action.do](context, action as never);
  } catch (error) {
    const cancelled = [agentSignal, context.startSignal, context.killSignal].some((s) =>
      isCancellation(error, s),
    );
    if (!cancelled && !agentSignal.aborted) {
      deps.log.warn('an operation on a Pod failed', { pod: pod.metadata.name, action: action.do, error });
      await deps.clock.sleep(SANDBOX_RETRY_BASE_MS, agentSignal).catch(() => {});
    }
  }
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    memory.inFlight.delete(key);
    context.onEnd();
  };
  // Also while the runtime is down: who plans by a list that does not show what was done starts again what runs.
  if (action.do !== 'mountVolumes')
    await deps.observer.untilListed(agentSignal, { seen: end }).catch(() => {});
  end();
}

type Operations = {
  [K in Exclude<PodAction['do'], 'finish'>]: (
    context: OperationContext,
    action: Extract<PodAction, { do: K }>,
  ) => Promise<void>;
};

const OPERATIONS: Operations = {
  mountVolumes: (context) => mountVolumes(context),
  runSandbox: (context, { attempt }) => runSandbox(context, attempt),
  stopSandbox: ({ agentSignal, deps }, { sandboxId }) => deps.runtime.stopPodSandbox(sandboxId, agentSignal),
  removeSandbox: ({ agentSignal, deps }, { sandboxId }) =>
    deps.runtime.removePodSandbox(sandboxId, agentSignal),
  removeContainer: ({ agentSignal, deps }, { containerId }) =>
    deps.runtime.removeContainer(containerId, agentSignal),
  startContainer: (context, action) => start(context, action),
  killContainer: (context, action) => kill(context, action),
  resizeContainer: (context, action) => resize(context, action),
};

export function podFacts({ settings, observer }: PodDeps, pod: Pod): PodFacts {
  const podIp = observer.pod(pod.metadata.uid).sandboxes[0]?.ip ?? '';
  return { podIp, hostIps: settings.hostIps, allocatable: settings.allocatable };
}

async function mountVolumes({ deps, memory, pod, startSignal, volumes }: OperationContext): Promise<void> {
  try {
    await volumes.mount(pod, podFacts(deps, pod), startSignal);
    memory.volumesBackoffMs = 0;
  } catch (error) {
    startSignal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    const curve = { baseMs: VOLUME_RETRY_BASE_MS, maxMs: VOLUME_RETRY_MAX_MS };
    memory.volumesBackoffMs = nextBackoff(memory.volumesBackoffMs, curve);
    memory.volumesRetryAtMs = deps.clock.now() + memory.volumesBackoffMs;
    deps.events.event(podSubject(pod), 'Warning', 'FailedMount', error.message);
  }
}

async function runSandbox(
  { deps, memory, pod, startSignal }: OperationContext,
  attempt: number,
): Promise<void> {
  const subject = podSubject(pod);
  if (attempt > 0) {
    const message = 'Pod sandbox changed, it will be killed and re-created.';
    deps.events.event(subject, 'Normal', 'SandboxChanged', message);
  }
  try {
    await deps.runtime.runPodSandbox(sandboxConfig(pod, attempt, deps.settings.dns), startSignal);
    memory.sandboxBackoffMs = 0;
  } catch (error) {
    startSignal.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    const curve = { baseMs: SANDBOX_RETRY_BASE_MS, maxMs: SANDBOX_RETRY_MAX_MS };
    memory.sandboxBackoffMs = nextBackoff(memory.sandboxBackoffMs, curve);
    memory.sandboxRetryAtMs = deps.clock.now() + memory.sandboxBackoffMs;
    const message = `Failed to create pod sandbox: ${error.message}`;
    deps.events.event(subject, 'Warning', 'FailedCreatePodSandBox', message);
  }
}

async function start(
  context: OperationContext,
  action: Extract<PodAction, { do: 'startContainer' }>,
): Promise<void> {
  const { deps, memory, pod, startSignal, volumes } = context;
  const { attempt, backoffMs, name, sandboxId } = action;
  const entry = findContainer(pod, name);
  const sandbox = deps.observer.pod(pod.metadata.uid).sandboxes.find(({ id }) => id === sandboxId);
  assert(entry !== undefined, `the plan names container ${name}, which the Pod does not have`);
  if (sandbox === undefined) return;
  const { imageBackoffs, postStartPending } = memory;
  const request = { pod, entry, sandbox, attempt, backoffMs, volumes, imageBackoffs, postStartPending };
  const failure = await startContainer(deps, request, startSignal);
  if (failure === undefined) memory.startFailures.delete(name);
  else memory.startFailures.set(name, failure);
}

async function kill(
  context: OperationContext,
  action: Extract<PodAction, { do: 'killContainer' }>,
): Promise<void> {
  const { deps, ending, killSignal, memory, pod } = context;
  const { containerId, message, name, reason } = action;
  const runtime = deps.observer.pod(pod.metadata.uid);
  const instance = runtime.containers.find(({ id }) => id === containerId);
  if (instance === undefined) return;
  if (reason === 'DefinitionChanged' || reason === 'Resized') memory.killedForChange.add(containerId);
  const container = findContainer(pod, name)?.spec;
  const graceSeconds = ending?.graceSeconds ?? gracePeriodSeconds(pod, container, reason);
  const podIp = runtime.sandboxes[0]?.ip ?? '';
  const runsHook = ending?.runsHooks ?? true;
  const request = { pod, container, instance, podIp, message, graceSeconds, order: ending?.order, runsHook };
  await killContainer(deps, request, killSignal);
}

async function resize(
  { deps, pod, resize, startSignal }: OperationContext,
  { containerId, name }: Extract<PodAction, { do: 'resizeContainer' }>,
): Promise<void> {
  const container = findContainer(pod, name)?.spec;
  if (container === undefined || resize === undefined) return;
  await resizeContainer(deps, resize, { pod, container, containerId }, startSignal);
}
