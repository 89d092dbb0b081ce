/**
 * Starts one container: image, environment and mounts, create, start, postStart. What stops it is a value with the waiting
 * reason that kubectl shows; only cancellation and broken invariants throw.
 *
 * @see kuberuntime startContainer
 */

import type { Pod } from '../api/generated/core-v1.ts';
import { assert } from '../base/assert.ts';
import { wholeValue } from '../base/quantity.ts';
import { type ContainerMount, RuntimeError, type SandboxStatus } from '../container-runtime/runtime.ts';
import { containerConfig } from './container-config.ts';
import { containerSubject } from './container-events.ts';
import type { ContainerEntry } from './container-identity.ts';
import { CREATE_RETRY_MS } from './defaults.ts';
import { containerEnvironment } from './environment.ts';
import { ensureImage, type ImageBackoffs } from './image-puller.ts';
import { killContainer } from './kill-container.ts';
import { gracePeriodSeconds, runHook } from './lifecycle.ts';
import { nonRootError } from './non-root.ts';
import type { PodDeps } from './pod-deps.ts';
import type { StartFailure } from './pod-observation.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';
import { VolumeError } from './volumes/volume-host.ts';
import { terminationLogPath } from './volumes/volume-paths.ts';

export interface StartRequest {
  pod: Pod;
  entry: ContainerEntry;
  sandbox: SandboxStatus;
  attempt: number;
  backoffMs: number;
  volumes: PodVolumes;
  imageBackoffs: ImageBackoffs;
  /** Ids of containers whose postStart hook is running. */
  postStartPending: Set<string>;
}

/** `undefined` when the container runs and its hook has passed. */
export async function startContainer(
  deps: PodDeps,
  request: StartRequest,
  signal: AbortSignal,
): Promise<StartFailure | undefined> {
  const { entry, imageBackoffs, pod } = request;
  const target = { pod, container: entry.spec, backoffs: imageBackoffs };
  const ensured = await ensureImage(deps, target, signal);
  if ('failure' in ensured) return failed(deps, request, ensured.failure, `Error: ${ensured.failure.reason}`);
  const refused = nonRootError(pod, entry.spec, ensured.image);
  if (refused !== undefined) return startFailure(deps, request, 'CreateContainerConfigError', refused);
  const prepared = await prepare(deps, request, signal);
  if ('error' in prepared) return startFailure(deps, request, 'CreateContainerConfigError', prepared.error);
  const begun = await deps.starts.run(() => createAndStart(deps, request, prepared, signal), signal);
  return typeof begun === 'string' ? runPostStart(deps, request, begun, signal) : begun;
}

interface Prepared {
  variables: ReadonlyMap<string, string>;
  mounts: ContainerMount[];
  messageHostPath: string;
}

async function prepare(
  deps: PodDeps,
  { attempt, entry, pod, sandbox, volumes }: StartRequest,
  signal: AbortSignal,
): Promise<Prepared | { error: string }> {
  const { namespace = '', uid } = pod.metadata;
  const { allocatable, hostIps, rootDir } = deps.settings;
  const environment = containerEnvironment(entry.spec, {
    pod,
    podIp: sandbox.ip,
    hostIps,
    allocatable,
    serviceVariables: deps.serviceVariables(pod),
    configMap: (name) => deps.objects.configMap(namespace, name),
    secret: (name) => deps.objects.secret(namespace, name),
  });
  if ('error' in environment) return environment;
  const messageHostPath = terminationLogPath(rootDir, uid, entry.spec.name, attempt);
  try {
    const mounts = await volumes.mountsOf(pod, entry.spec, environment.variables, signal);
    await deps.host.makeWritableFile(messageHostPath, signal);
    return { variables: environment.variables, mounts, messageHostPath };
  } catch (error) {
    if (!(error instanceof VolumeError)) throw error;
    return { error: error.message };
  }
}

/** The container's id, or why it does not run. */
async function createAndStart(
  deps: PodDeps,
  request: StartRequest,
  prepared: Prepared,
  signal: AbortSignal,
): Promise<string | StartFailure> {
  const { attempt, backoffMs, entry, pod, postStartPending, sandbox } = request;
  const { events, runtime, settings } = deps;
  const memoryCapacityBytes = wholeValue(settings.allocatable['memory']);
  const config = containerConfig({
    pod,
    container: entry.spec,
    attempt,
    backoffMs,
    memoryCapacityBytes,
    ...prepared,
  });
  const subject = containerSubject(pod, entry.spec.name);
  let step = 'CreateContainerError';
  let containerId: string | undefined;
  try {
    containerId = await runtime.createContainer(sandbox.id, config, signal);
    events.event(subject, 'Normal', 'Created', 'Container created');
    step = 'RunContainerError';
    if (entry.spec.lifecycle?.postStart !== undefined) postStartPending.add(containerId);
    await runtime.startContainer(containerId, signal);
  } catch (error) {
    if (containerId !== undefined) postStartPending.delete(containerId);
    if (!(error instanceof RuntimeError)) throw error;
    return startFailure(deps, request, step, error.message);
  }
  events.event(subject, 'Normal', 'Started', 'Container started');
  return containerId;
}

async function runPostStart(
  deps: PodDeps,
  request: StartRequest,
  containerId: string,
  signal: AbortSignal,
): Promise<StartFailure | undefined> {
  const { entry, pod, sandbox } = request;
  const handler = entry.spec.lifecycle?.postStart;
  if (handler === undefined) return undefined;
  const target = { container: entry.spec, containerId, podIp: sandbox.ip };
  const problem = await runHook(deps, target, handler, signal).then(
    () => undefined,
    (error: Error) => error,
  );
  if (problem === undefined) {
    request.postStartPending.delete(containerId);
    return undefined;
  }
  signal.throwIfAborted();
  deps.log.warn('postStart hook failed', {
    pod: pod.metadata.name,
    container: entry.spec.name,
    error: problem,
  });
  const subject = containerSubject(pod, entry.spec.name);
  deps.events.event(subject, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
  await killAfterHook(deps, request, containerId, signal);
  request.postStartPending.delete(containerId);
  return { reason: 'PostStartHookError', message: problem.message, retryAtMs: deps.clock.now() };
}

async function killAfterHook(deps: PodDeps, request: StartRequest, containerId: string, signal: AbortSignal) {
  const { entry, pod, sandbox } = request;
  const instance = (await deps.runtime.listContainers(signal)).find(({ id }) => id === containerId);
  assert(instance !== undefined, 'a container that was started is listed');
  const graceSeconds = gracePeriodSeconds(pod, entry.spec, 'Stopping');
  const message = 'FailedPostStartHook';
  const container = entry.spec;
  await killContainer(
    deps,
    { pod, container, instance, podIp: sandbox.ip, message, graceSeconds, order: undefined, runsHook: true },
    signal,
  );
}

function startFailure(deps: PodDeps, request: StartRequest, reason: string, message: string): StartFailure {
  // A container that could not be started has exited: its restart back-off decides.
  const delayMs = reason === 'RunContainerError' ? 0 : CREATE_RETRY_MS;
  const failure = { reason, message, retryAtMs: deps.clock.now() + delayMs };
  return failed(deps, request, failure, `Error: ${message}`);
}

function failed(
  deps: PodDeps,
  { entry, pod }: StartRequest,
  failure: StartFailure,
  text: string,
): StartFailure {
  deps.events.event(containerSubject(pod, entry.spec.name), 'Warning', 'Failed', text);
  return failure;
}
