/**
 * Makes a container's image present, by its pull policy and with a back-off per Pod and image.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/images image_manager.go
 */

import type { Container, Pod } from '../api/generated/core-v1.ts';
import type { Clock } from '../base/clock.ts';
import { formatGoDuration } from '../base/duration.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import { type ContainerRuntime, RuntimeError, type RuntimeImage } from '../container-runtime/runtime.ts';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
import { containerSubject } from './container-events.ts';
import {
  CREATE_RETRY_MS,
  IMAGE_BACKOFF_BASE_MS,
  IMAGE_BACKOFF_MAX_MS,
  IMAGE_ERROR_SHOWN_MS,
} from './defaults.ts';
import type { StartFailure } from './pod-observation.ts';
import { nextBackoff } from './restart-backoff.ts';

export interface ImagePullerDeps {
  clock: Clock;
  events: EventRecorder;
  runtime: ContainerRuntime;
  pulls: ConcurrencyLimit;
}

/** The back-offs of one Pod's images, by reference. */
export type ImageBackoffs = Map<string, number>;

const IMAGE_CURVE = { baseMs: IMAGE_BACKOFF_BASE_MS, maxMs: IMAGE_BACKOFF_MAX_MS };

export type EnsuredImage = { image: RuntimeImage } | { failure: StartFailure };

export async function ensureImage(
  deps: ImagePullerDeps,
  target: { pod: Pod; container: Container; backoffs: ImageBackoffs },
  signal: AbortSignal,
): Promise<EnsuredImage> {
  const { container, pod } = target;
  const image = container.image ?? '';
  const subject = containerSubject(pod, container.name);
  const inspected = await inspect(deps, image, signal);
  if (inspected instanceof RuntimeError) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image reference "${image}": ${inspected.message}`;
    deps.events.event(subject, 'Warning', 'InspectFailed', message);
    return failedFor('InvalidImageName', message, deps.clock.now() + CREATE_RETRY_MS);
  }
  const policy = container.imagePullPolicy ?? 'IfNotPresent';
  if (inspected !== undefined && policy !== 'Always') {
    const message = `Container image "${image}" already present on machine and can be accessed by the pod`;
    deps.events.event(subject, 'Normal', 'Pulled', message);
    return { image: inspected };
  }
  if (policy === 'Never') {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    deps.events.event(subject, 'Warning', 'ErrImageNeverPull', message);
    return failedFor('ErrImageNeverPull', message, deps.clock.now() + CREATE_RETRY_MS);
  }
  return pull(deps, target, signal);
}

function failedFor(reason: string, message: string, retryAtMs: number): EnsuredImage {
  return { failure: { reason, message, retryAtMs } };
}

async function inspect({ runtime }: ImagePullerDeps, image: string, signal: AbortSignal) {
  try {
    return await runtime.imageStatus(image, signal);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    if (error.reason === 'InvalidImageName') return error;
    // Present and not usable: the pull says why.
    if (error.reason === 'ImageNotFound') return undefined;
    throw error;
  }
}

async function pull(
  deps: ImagePullerDeps,
  { pod, container, backoffs }: { pod: Pod; container: Container; backoffs: ImageBackoffs },
  signal: AbortSignal,
): Promise<EnsuredImage> {
  const image = container.image ?? '';
  const subject = containerSubject(pod, container.name);
  deps.events.event(subject, 'Normal', 'Pulling', `Pulling image "${image}"`);
  const askedMs = deps.clock.monotonicMs();
  try {
    const { took, pulled } = await deps.pulls.run(async () => {
      const beganMs = deps.clock.monotonicMs();
      const done = await deps.runtime.pullImage(image, signal);
      return { took: deps.clock.monotonicMs() - beganMs, pulled: done };
    }, signal);
    const waited = formatGoDuration(Math.round(deps.clock.monotonicMs() - askedMs));
    const text = `Successfully pulled image "${image}" in ${formatGoDuration(Math.round(took))} (${waited} including waiting). Image size: ${pulled.sizeBytes} bytes.`;
    deps.events.event(subject, 'Normal', 'Pulled', text);
    backoffs.delete(image);
    return { image: pulled };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return { failure: pullFailure(deps, { image, pod, container, backoffs }, error) };
  }
}

function pullFailure(
  deps: ImagePullerDeps,
  target: { image: string; pod: Pod; container: Container; backoffs: ImageBackoffs },
  error: RuntimeError,
): StartFailure {
  const { backoffs, container, image, pod } = target;
  const subject = containerSubject(pod, container.name);
  deps.events.event(subject, 'Warning', 'Failed', `Failed to pull image "${image}": ${error.message}`);
  const backoffMs = nextBackoff(backoffs.get(image) ?? 0, IMAGE_CURVE);
  backoffs.set(image, backoffMs);
  const nowMs = deps.clock.now();
  return {
    reason: error.reason === 'InvalidImageName' ? 'InvalidImageName' : 'ErrImagePull',
    message: error.message,
    retryAtMs: nowMs + backoffMs,
    becomes: {
      atMs: nowMs + IMAGE_ERROR_SHOWN_MS,
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "${image}": ErrImagePull: ${error.message}`,
    },
  };
}
