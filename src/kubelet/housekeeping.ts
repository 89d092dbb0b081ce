/**
 * Ends what has no Pod: containers of Pods that were removed while no agent ran, sandboxes of Pods that have ended and
 * gone, directories that nobody needs. What is needed to stop a container properly is on its own annotations.
 *
 * @see kubelet HandlePodCleanups, kuberuntime restoreSpecsFromContainerLabels
 */
import type { Container, LifecycleHandler, Pod } from '../api/generated/core-v1.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';
import {
  POD_GRACE_ANNOTATION,
  POD_NAME_LABEL,
  POD_NAMESPACE_LABEL,
  PRE_STOP_ANNOTATION,
} from './container-identity.ts';
import { GRACE_DEFAULT_SECONDS } from './defaults.ts';
import { killContainer } from './kill-container.ts';
import type { PodDeps } from './pod-deps.ts';
import type { PodRuntime } from './pod-observation.ts';
import { podDirectory, podsDirectory } from './volumes/volume-paths.ts';

export class OrphanSweeper {
  readonly #deps: PodDeps;
  readonly #sweeping = new Set<string>();
  /** How many have begun. */
  #sweeps = 0;
  /** Where the last one found nothing to do. */
  #clean: { listed: object; names: readonly string[] } | undefined;

  constructor(deps: PodDeps) {
    this.#deps = deps;
  }

  /** As {@link sweep}, when no worker has gone since the last one: there is no work where nothing else has changed. */
  async sweepAgain(workers: ReadonlyMap<string, unknown>, signal: AbortSignal): Promise<void> {
    const { host, observer, settings } = this.#deps;
    const names = await host.list(podsDirectory(settings.rootDir), signal);
    if (observer.listed !== this.#clean?.listed || names !== this.#clean.names)
      await this.sweep(workers, signal);
  }

  /** Sweeps everything that belongs to none of `workers`. Pods already being swept are left alone. */
  async sweep(workers: ReadonlyMap<string, unknown>, signal: AbortSignal): Promise<void> {
    const { host, observer, settings } = this.#deps;
    this.#clean = undefined;
    const sweep = ++this.#sweeps;
    const { listed } = observer;
    const orphans: string[] = [];
    for (const uid of observer.podUids()) {
      if (!workers.has(uid) && !this.#sweeping.has(uid)) orphans.push(uid);
    }
    await Promise.all(orphans.map((uid) => this.#sweepPod(uid, signal)));
    const names = await host.list(podsDirectory(settings.rootDir), signal);
    let isSwept = orphans.length + this.#sweeping.size === 0;
    for (const uid of names) {
      if (workers.has(uid) || observer.has(uid)) continue;
      isSwept = false;
      await host.remove(podDirectory(settings.rootDir, uid), signal);
    }
    if (isSwept && observer.listed === listed && this.#sweeps === sweep) this.#clean = { listed, names };
  }

  async #sweepPod(uid: string, signal: AbortSignal): Promise<void> {
    const { log, observer, runtime } = this.#deps;
    const { containers, sandboxes } = observer.pod(uid);
    this.#sweeping.add(uid);
    try {
      const alive = containers.filter(({ state }) => state === 'running');
      await Promise.all(alive.map((instance) => killOrphan(this.#deps, uid, instance, signal)));
      for (const { id } of sandboxes) await runtime.removePodSandbox(id, signal);
      await observer.refresh(signal);
    } catch (error) {
      signal.throwIfAborted();
      log.warn('cannot remove what a Pod left behind', { uid, error });
    } finally {
      this.#sweeping.delete(uid);
    }
  }
}

async function killOrphan(
  deps: PodDeps,
  uid: string,
  instance: ContainerStatus,
  signal: AbortSignal,
): Promise<void> {
  const { annotations, labels, metadata } = instance;
  const container = restoredContainer(instance);
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: labels[POD_NAME_LABEL] ?? '',
      namespace: labels[POD_NAMESPACE_LABEL] ?? '',
      uid,
      resourceVersion: '',
      creationTimestamp: '',
    },
    spec: { containers: [container] },
  };
  const graceSeconds = Number(annotations[POD_GRACE_ANNOTATION] ?? GRACE_DEFAULT_SECONDS);
  const podIp = podAddress(deps.observer.pod(uid));
  const message = `Stopping container ${metadata.name}`;
  const request = {
    pod,
    container,
    instance,
    podIp,
    message,
    graceSeconds,
    order: undefined,
    runsHook: true,
  };
  await killContainer(deps, request, signal);
}

function podAddress({ sandboxes }: PodRuntime): string {
  return sandboxes[0]?.ip ?? '';
}

function restoredContainer({ annotations, image, metadata }: ContainerStatus): Container {
  const preStop = annotations[PRE_STOP_ANNOTATION];
  const container = { name: metadata.name, image };
  if (preStop === undefined) return container;
  return { ...container, lifecycle: { preStop: JSON.parse(preStop) as LifecycleHandler } };
}
