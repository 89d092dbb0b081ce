/** Gives a running container other limits, without a restart. */
import type { Container, Pod } from '../../api/generated/core-v1.ts';
import { wholeValue } from '../../base/quantity.ts';
import { RuntimeError } from '../../container-runtime/runtime.ts';
import { containerResources } from '../container-config.ts';
import { CREATE_RETRY_MS } from '../defaults.ts';
import type { PodDeps } from '../pod-deps.ts';
import type { PodResize } from './pod-resize.ts';

export interface ResizeTarget {
  pod: Pod;
  container: Container;
  containerId: string;
}

/** Has the container changed, and notes in `resize` how that went. */
export async function resizeContainer(
  deps: PodDeps,
  resize: PodResize,
  { pod, container, containerId }: ResizeTarget,
  signal: AbortSignal,
): Promise<void> {
  const { name, resources = {} } = container;
  const problem = await change().catch((error: unknown) => {
    if (!(error instanceof RuntimeError)) throw error;
    return error.message;
  });
  if (problem === undefined) resize.resized(name, containerId, resources);
  else resize.failed(name, { message: problem, retryAtMs: deps.clock.now() + CREATE_RETRY_MS });

  async function change(): Promise<string | undefined> {
    const limit = resources.limits?.['memory'];
    const tooLow = limit === undefined ? undefined : await whyTooLow(deps, containerId, limit, signal);
    if (tooLow !== undefined) return tooLow;
    const wanted = containerResources(pod, container, wholeValue(deps.settings.allocatable['memory']));
    await deps.runtime.updateContainerResources(containerId, wanted, signal);
    return undefined;
  }
}

/** A limit below what is used would kill the container at once. */
async function whyTooLow(
  { runtime }: PodDeps,
  containerId: string,
  limit: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const stats = await runtime.stats(signal);
  const used = stats.find((of) => of.containerId === containerId)?.memoryWorkingSetBytes ?? 0;
  const limitBytes = wholeValue(limit);
  if (used < limitBytes) return undefined;
  return `attempting to set container memory limit (${limitBytes}) below current usage (${used})`;
}
