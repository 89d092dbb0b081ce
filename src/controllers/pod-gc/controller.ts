/**
 * Removes Pods that nobody else will: those of nodes that are gone or out of service, those deleted before they had a node,
 * and ended ones beyond a limit. Upstream looks every 20 s; here a sweep follows the event that may call for it, and looks
 * only at candidates, which indexes hold ready.
 */
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { isPodTerminal, isPodTerminating } from '../../api/pod-conditions.ts';
import { NODES, PODS } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { addPodNodeIndex, isAssigned, podsOnNode } from '../framework/pod-nodes.ts';
import { patchPodStatus, withPodCondition } from '../framework/pod-status-write.ts';
import { newWorkerLoop, type SyncResult, type WorkerLoop } from '../framework/worker-loop.ts';
import {
  isHanging,
  isOutOfService,
  isUnassignedAndTerminating,
  NODE_QUARANTINE_MS,
  type PodCollection,
  planPodCollection,
  TERMINATED_PODS_MAX,
} from './reconcile.ts';

const SWEEP = 'sweep';
const INDEX = 'pod-gc';
const BATCH_SIZE = 20;

export function newPodGcController(
  context: ControllerContext,
  terminatedMax: number = TERMINATED_PODS_MAX,
): Controller {
  return new PodGcController(context, terminatedMax).loop;
}

class PodGcController {
  readonly loop: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #terminatedMax: number;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  /** Nodes that have Pods and are not in the cache, since when (monotonic). */
  readonly #missingSinceMs = new Map<string, number>();

  constructor(context: ControllerContext, terminatedMax: number) {
    this.#context = context;
    this.#terminatedMax = terminatedMax;
    this.#nodes = context.informers.informer(NODES);
    this.#pods = context.informers.informer(PODS);
    this.loop = newWorkerLoop(context, {
      name: 'pod-garbage-collector',
      workers: 1,
      sync: (_, signal) => this.#sweep(signal),
      informers: [this.#nodes, this.#pods],
    });
    addPodNodeIndex(this.#pods);
    this.#nodes.addIndex(INDEX, (node) => (isOutOfService(node) ? ['out-of-service'] : []));
    this.#pods.addIndex(INDEX, (pod) => {
      if (isUnassignedAndTerminating(pod)) return ['unassigned'];
      return isPodTerminal(pod) && !isPodTerminating(pod) ? ['terminated'] : [];
    });
    this.#listen();
  }

  #listen(): void {
    const onNode = (node: Node) => {
      if (isOutOfService(node)) this.loop.enqueue(SWEEP);
    };
    this.#nodes.addListener({
      onAdd: onNode,
      onUpdate: onNode,
      onDelete: (node) => this.#missing(node.metadata.name),
    });
    this.#pods.addListener({
      onAdd: (pod) => this.#consider(pod),
      onUpdate: (pod) => this.#consider(pod),
      onDelete() {},
    });
  }

  #missing(nodeName: string): void {
    const sinceMs = this.#missingSinceMs.get(nodeName) ?? this.#context.clock.monotonicMs();
    this.#missingSinceMs.set(nodeName, sinceMs);
    this.loop.enqueue(SWEEP);
  }

  #consider(pod: Pod): void {
    if (isAssigned(pod)) {
      const node = this.#nodes.get(pod.spec.nodeName);
      if (node === undefined) this.#missing(pod.spec.nodeName);
      else if (isHanging(pod) && isOutOfService(node)) this.loop.enqueue(SWEEP);
    }
    if (isUnassignedAndTerminating(pod) || isPodTerminal(pod)) this.loop.enqueue(SWEEP);
  }

  async #sweep(signal: AbortSignal): Promise<SyncResult> {
    const orphaned = await this.#orphanedPods(signal);
    const outOfService = this.#nodes
      .byIndex(INDEX, 'out-of-service')
      .flatMap((node) => podsOnNode(this.#pods, node.metadata.name));
    const unassigned = this.#pods.byIndex(INDEX, 'unassigned');
    const terminated = this.#pods.byIndex(INDEX, 'terminated');
    const plan = planPodCollection({ orphaned, outOfService, unassigned, terminated }, this.#terminatedMax);
    for (let i = 0; i < plan.length; i += BATCH_SIZE) {
      const collections = plan
        .slice(i, i + BATCH_SIZE)
        .map((collection) => this.#collect(collection, signal));
      const failed = (await Promise.allSettled(collections)).find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
    }
    return this.#untilNextOrphan();
  }

  /** Pods of nodes that have been missing through their quarantine and that the server does not know either. */
  async #orphanedPods(signal: AbortSignal): Promise<Pod[]> {
    const nowMs = this.#context.clock.monotonicMs();
    const orphaned: Pod[] = [];
    for (const [name, sinceMs] of this.#missingSinceMs) {
      const pods = podsOnNode(this.#pods, name);
      if (this.#nodes.get(name) !== undefined || pods.length === 0) this.#missingSinceMs.delete(name);
      else if (nowMs - sinceMs >= NODE_QUARANTINE_MS) {
        if (await this.#exists(name, signal)) this.#missingSinceMs.set(name, nowMs);
        else orphaned.push(...pods);
      }
    }
    return orphaned;
  }

  async #exists(name: string, signal: AbortSignal): Promise<boolean> {
    return this.#context.client.get(NODES, { name }, signal).then(
      () => true,
      (error: unknown) => {
        if (hasReason(error, 'NotFound')) return false;
        throw error;
      },
    );
  }

  /** Also after a collection, to forget the node once its Pods are gone. */
  #untilNextOrphan(): SyncResult {
    const nowMs = this.#context.clock.monotonicMs();
    let requeueAfterMs: number | undefined;
    for (const sinceMs of this.#missingSinceMs.values()) {
      const restMs = sinceMs + NODE_QUARANTINE_MS - nowMs;
      const waitMs = restMs > 0 ? restMs : NODE_QUARANTINE_MS;
      requeueAfterMs = Math.min(requeueAfterMs ?? waitMs, waitMs);
    }
    return requeueAfterMs === undefined ? {} : { requeueAfterMs: Math.ceil(requeueAfterMs) };
  }

  /** Marked as failed first: an orphan would stay `Running` in the eyes of its owner until the last moment. */
  async #collect({ pod, why }: PodCollection, signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.#context;
    const { name, namespace = '', uid } = pod.metadata;
    log.info('collects a Pod', { pod: `${namespace}/${name}`, why });
    const conditions = why === 'orphaned' ? withPodCondition(pod, DISRUPTION, clock.now()) : undefined;
    const collection = async () => {
      if (!isPodTerminal(pod)) {
        const status = { phase: 'Failed', ...(conditions === undefined ? {} : { conditions }) };
        await patchPodStatus(client, pod, status, signal);
      }
      const options = { gracePeriodSeconds: 0, preconditions: { uid } };
      await client.delete(PODS, { namespace, name }, options, signal);
    };
    await collection().catch((error: unknown) => {
      if (!hasReason(error, 'NotFound')) throw error;
    });
  }
}

const DISRUPTION = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByPodGC',
  message: 'PodGC: node no longer exists',
};
