/**
 * The kubelet: one worker per Pod of this node, the node's own object and lease, and the sweep of what has no Pod.
 *
 *   informer (spec.nodeName=NODE) ─▶ dispatch by uid ─▶ PodWorker ─▶ runtime
 *   runtime events ─▶ RuntimeObserver ─▶ wake        probes, sources ─▶ wake
 *
 * When `signal` aborts, everything here ends and every container keeps running: the next agent adopts them by their labels.
 */

import type { Node, Pod } from '../api/generated/core-v1.ts';
import { isPodTerminal, SYSTEM_CRITICAL_PRIORITY } from '../api/pod-conditions.ts';
import { NODES, PODS } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Informer, InformerFactory } from '../client/informer.ts';
import type { ContainerRuntime } from '../container-runtime/runtime.ts';
import { rejectPod } from './admission.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { podSubject } from './container-events.ts';
import { formatPod } from './container-identity.ts';
import { CONCURRENT_PULLS_MAX, CONCURRENT_STARTS_MAX, HOUSEKEEPING_MS, POD_RESYNC_MS } from './defaults.ts';
import { OrphanSweeper } from './housekeeping.ts';
import type { NodeFacts, NodeHealth } from './node/node-facts.ts';
import { runNodeLease } from './node/node-lease.ts';
import { NodeReporter } from './node/node-reporter.ts';
import type { PodDeps } from './pod-deps.ts';
import type { NodeDns } from './pod-dns.ts';
import type { PodFailure } from './pod-status.ts';
import { PodWorker } from './pod-worker.ts';
import { ProbeRegistry } from './probes/probe-registry.ts';
import type { Prober } from './probes/prober.ts';
import { ReferencedObjects } from './referenced-objects.ts';
import { refuseResize } from './resize/fit-resize.ts';
import type { NodeRoom } from './resize/pod-resize.ts';
import { RuntimeObserver } from './runtime-observer.ts';
import { StatusWriter } from './status-writer.ts';
import type { VolumeHost } from './volumes/volume-host.ts';

export interface KubeletDeps {
  clock: Clock;
  random: Random;
  log: Logger;
  client: ApiClient;
  informers: InformerFactory;
  events: EventRecorder;
  runtime: ContainerRuntime;
  prober: Prober;
  host: VolumeHost;
  /** Service links for a Pod: `FOO_SERVICE_HOST` and so on; what `enableServiceLinks` leaves of them. */
  serviceVariables(pod: Pod): readonly { name: string; value: string }[];
  options: KubeletOptions;
}

export interface KubeletOptions {
  node: NodeFacts;
  /** Absolute; everything that the kubelet keeps is below it. */
  rootDir: string;
  /** Scheme of container ids, such as `process`. */
  runtimeName: string;
  dns: NodeDns;
  /** Pressure, as whoever composes the agent measures it. */
  pressure?: () => Pick<NodeHealth, 'memoryPressure' | 'diskPressure' | 'pidPressure'>;
}

export interface Kubelet {
  /** Runs until `signal` aborts; containers keep running. */
  run(signal: AbortSignal): Promise<void>;
  /** Ends every Pod, those of regular priority first. @param graceSeconds  for each of the two rounds */
  shutdownNode(graceSeconds: { regular: number; critical: number }, signal: AbortSignal): Promise<void>;
  /** The Pods that this node is responsible for. */
  pods(): readonly Pod[];
}

const SHUTDOWN_FAILURE: PodFailure = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
  isDisruption: true,
};

export function newKubelet(deps: KubeletDeps): Kubelet {
  return new NodeKubelet(deps);
}

class NodeKubelet implements Kubelet {
  readonly #deps: KubeletDeps;
  readonly #podDeps: PodDeps;
  readonly #workers = new Map<string, PodWorker>();
  readonly #informer: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #reporter: NodeReporter;
  readonly #sweeper: OrphanSweeper;
  #isShuttingDown = false;

  constructor(deps: KubeletDeps) {
    this.#deps = deps;
    const { events, informers, options, runtime } = deps;
    const { name } = options.node;
    this.#informer = informers.informer(PODS, { fieldSelector: `spec.nodeName=${name}` });
    this.#nodes = informers.informer(NODES, { fieldSelector: `metadata.name=${name}` });
    this.#podDeps = newPodDeps(deps, {
      refuses: (pod) => refuseResize(pod, options.node.allocatable, this.#allocatedPods(pod)),
      onAllocated: () => this.#retryResizes(),
    });
    this.#sweeper = new OrphanSweeper(this.#podDeps);
    const health = async (signal: AbortSignal) =>
      nodeHealth(deps, this.#isShuttingDown, await runtime.status(signal));
    this.#reporter = new NodeReporter({ ...deps, facts: options.node, events, health });
  }

  pods(): readonly Pod[] {
    return [...this.#workers.values()].map(({ pod }) => pod);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, log, options } = this.#deps;
    const node = () => this.#reporter.node;
    const lease = { client, clock, log, nodeName: options.node.name, node };
    this.#wire();
    const reporting = Promise.all([this.#reporter.run(signal), runNodeLease(lease, signal)]);
    const working = this.#runPods(signal);
    await Promise.all([reporting, working]).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  #wire(): void {
    const { objects, observer, probes } = this.#podDeps;
    observer.onChange = (uid) => this.#workers.get(uid)?.wake();
    probes.onChange = (uid) => this.#workers.get(uid)?.wake();
    objects.onChange = (uid) => this.#workers.get(uid)?.sourcesChanged();
    this.#nodes.addListener({
      onAdd: (node) => this.#reporter.seen(node),
      onUpdate: (node) => this.#reporter.seen(node),
      onDelete: () => this.#reporter.deleted(),
    });
  }

  async #runPods(signal: AbortSignal): Promise<void> {
    const { observer } = this.#podDeps;
    // Before the first Pod is looked at, it must be known what an earlier agent left running.
    const failed = (error: unknown) => this.#deps.log.warn('cannot list the containers yet', { error });
    await observer.untilListed(signal, { failed });
    const following = observer.run(signal);
    this.#informer.addListener({
      onAdd: (pod) => this.#upsert(pod, signal),
      onUpdate: (pod, previous) => {
        // A namesake that took the place of one whose deletion was not seen.
        if (previous.metadata.uid !== pod.metadata.uid) this.#remove(previous);
        this.#upsert(pod, signal);
      },
      onDelete: (pod) => this.#remove(pod),
    });
    await this.#informer.whenSynced(signal);
    await Promise.all([following, this.#sweepNowAndThen(signal), this.#resyncNowAndThen(signal)]);
  }

  async #sweepNowAndThen(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#sweeper.sweepAgain(this.#workers, signal);
      await this.#deps.clock.sleep(HOUSEKEEPING_MS, signal);
    }
  }

  async #resyncNowAndThen(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#deps.clock.sleep(POD_RESYNC_MS, signal);
      for (const worker of this.#workers.values()) worker.resync();
    }
  }

  #upsert(pod: Pod, signal: AbortSignal): void {
    const { uid } = pod.metadata;
    const known = this.#workers.get(uid);
    if (known !== undefined) {
      known.update(pod);
      if (isPodTerminal(pod)) this.#retryResizes();
      return;
    }
    const worker = new PodWorker(this.#podDeps, pod);
    const rejection = this.#rejection(pod);
    if (rejection !== undefined) {
      this.#deps.events.event(podSubject(pod), 'Warning', rejection.reason, rejection.message);
      worker.reject(rejection);
    }
    this.#workers.set(uid, worker);
    worker.begin(signal, this.#workerEnded);
  }

  readonly #workerEnded = (worker: PodWorker, signal: AbortSignal) => {
    this.#workers.delete(worker.pod.metadata.uid);
    this.#retryResizes();
    this.#sweeper.sweep(this.#workers, signal).catch((error: unknown) => {
      if (signal.aborted) return;
      this.#deps.log.error('what a Pod left cannot be swept', { pod: formatPod(worker.pod), error });
    });
  };

  #remove(pod: Pod): void {
    this.#workers.get(pod.metadata.uid)?.removed(pod);
    this.#retryResizes();
  }

  /** What the node has given to all Pods but `pod`. */
  #allocatedPods({ metadata: { uid } }: Pod): Pod[] {
    const others = [...this.#workers.values()].filter(({ pod }) => pod.metadata.uid !== uid);
    return others.filter(({ holdsResources }) => holdsResources).map(({ allocatedPod }) => allocatedPod);
  }

  /** There may be room now for who waits for it: the important first. @see sortPendingResizes */
  #retryResizes(): void {
    const waiting = [...this.#workers.values()].filter(
      ({ deferredSinceMs }) => deferredSinceMs !== undefined,
    );
    for (const worker of waiting.sort(byResizePriority)) worker.wake();
  }

  /** Why the Pod cannot run here; one that runs already, or ends anyway, is not asked. */
  #rejection(pod: Pod): PodFailure | undefined {
    const { uid } = pod.metadata;
    const isAdopted = this.#podDeps.observer.pod(uid).sandboxes.length > 0;
    if (isAdopted || isPodTerminal(pod) || pod.metadata.deletionTimestamp !== undefined) return undefined;
    const { node } = this.#deps.options;
    const labels = this.#reporter.node?.metadata.labels ?? undefined;
    const metadata = this.#reporter.node?.metadata ?? {
      name: node.name,
      uid: '',
      resourceVersion: '',
      creationTimestamp: '',
    };
    const others = this.#allocatedPods(pod);
    const known = labels === undefined ? { ...metadata, labels: { ...node.labels } } : metadata;
    const rejected = rejectPod(pod, {
      node: { metadata: known },
      allocatable: node.allocatable,
      others,
    });
    // Before registration the node's labels are not known for certain.
    return rejected?.reason === 'NodeAffinity' && labels === undefined ? undefined : rejected;
  }

  async shutdownNode(
    graceSeconds: { regular: number; critical: number },
    signal: AbortSignal,
  ): Promise<void> {
    this.#isShuttingDown = true;
    this.#reporter.wake();
    const isCritical = ({ pod }: PodWorker) => (pod.spec.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY;
    const workers = [...this.#workers.values()];
    await this.#end(
      workers.filter((worker) => !isCritical(worker)),
      graceSeconds.regular,
      signal,
    );
    await this.#end(workers.filter(isCritical), graceSeconds.critical, signal);
    await this.#podDeps.statuses.flushed();
  }

  async #end(workers: readonly PodWorker[], graceSeconds: number, signal: AbortSignal): Promise<void> {
    for (const worker of workers) {
      const own = worker.pod.spec.terminationGracePeriodSeconds ?? graceSeconds;
      worker.evict(SHUTDOWN_FAILURE, Math.min(own, graceSeconds));
    }
    await Promise.all(workers.map(({ whenTerminated }) => whenTerminated));
    signal.throwIfAborted();
  }
}

function newPodDeps(deps: KubeletDeps, room: NodeRoom): PodDeps {
  const { node, rootDir, runtimeName, dns } = deps.options;
  const hostIps = node.addresses.filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
  return {
    ...deps,
    room,
    objects: new ReferencedObjects(deps),
    observer: new RuntimeObserver(deps),
    probes: new ProbeRegistry(deps),
    statuses: new StatusWriter(deps),
    starts: new ConcurrencyLimit(CONCURRENT_STARTS_MAX),
    pulls: new ConcurrencyLimit(CONCURRENT_PULLS_MAX),
    settings: { rootDir, hostIps, allocatable: node.allocatable, runtimeName, dns },
  };
}

function byResizePriority(a: PodWorker, b: PodWorker): number {
  const rank = ({ pod: { spec, status } }: PodWorker) => [
    spec.priority ?? 0,
    status?.qosClass === 'Guaranteed' ? 1 : 0,
  ];
  const [[priorityA, qualityA], [priorityB, qualityB]] = [rank(a), rank(b)];
  return priorityB! - priorityA! || qualityB! - qualityA! || a.deferredSinceMs! - b.deferredSinceMs!;
}

function nodeHealth(
  { options }: KubeletDeps,
  isShuttingDown: boolean,
  runtime: { ready: boolean; message?: string; networkReady: boolean; networkMessage?: string },
): NodeHealth {
  const calm = { memoryPressure: false, diskPressure: false, pidPressure: false };
  const notReady: string[] = [];
  if (!runtime.ready) notReady.push(`container runtime is down: ${runtime.message ?? ''}`);
  if (!runtime.networkReady) {
    notReady.push(
      `container runtime network not ready: NetworkReady=false message:${runtime.networkMessage ?? ''}`,
    );
  }
  if (isShuttingDown) notReady.push('node is shutting down');
  return { ...(options.pressure?.() ?? calm), notReady };
}
