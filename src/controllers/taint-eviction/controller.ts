/**
 * Deletes Pods from nodes with NoExecute taints that they do not tolerate, or no longer: one timer for each Pod that
 * tolerates them for a time.
 *
 * Level-based: every sync computes anew whether and when the Pod must go, so a taint that is removed needs no cancelling; only
 * when the time began is remembered, so that a taint replaced by another (not-ready by unreachable) does not begin it anew.
 *
 * @see k8s.io/kubernetes/pkg/controller/tainteviction/taint_eviction.go
 */
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { isPodTerminating } from '../../api/pod-conditions.ts';
import { NODES, PODS } from '../../api/resources.ts';
import { hasReason } from '../../base/status-error.ts';
import type { Informer } from '../../client/informer.ts';
import type { Controller, ControllerContext } from '../framework/controller.ts';
import { addPodNodeIndex, isAssigned, podsOnNode } from '../framework/pod-nodes.ts';
import { patchPodStatus, withPodCondition } from '../framework/pod-status-write.ts';
import { newWorkerLoop, type SyncResult, type WorkerLoop } from '../framework/worker-loop.ts';
import { noExecuteTaints, taintedForMs, tolerationMs } from './reconcile.ts';

/** Upstream's UpdateWorkerSize. */
const WORKERS = 8;

const DISRUPTION = {
  type: 'DisruptionTarget',
  status: 'True',
  reason: 'DeletionByTaintManager',
  message: 'Taint manager: deleting due to NoExecute taint',
};

export function newTaintEvictionController(context: ControllerContext): Controller {
  return new TaintEvictionController(context).loop;
}

class TaintEvictionController {
  readonly loop: WorkerLoop;
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  /** When the time of Pods began that are to be evicted later, by uid; monotonic. */
  readonly #countedSinceMs = new Map<string, number>();
  /** Whose deletion was accepted, by uid, until the object is gone: the cache may not show it yet. */
  readonly #deleted = new Set<string>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodes = context.informers.informer(NODES);
    this.#pods = context.informers.informer(PODS);
    this.loop = newWorkerLoop(context, {
      name: 'taint-eviction',
      workers: WORKERS,
      sync: (key, signal) => this.#sync(key, signal),
      informers: [this.#nodes, this.#pods],
    });
    addPodNodeIndex(this.#pods);
    this.#listen();
  }

  #listen(): void {
    const onPod = (pod: Pod) => {
      if (!isAssigned(pod)) return;
      const node = this.#nodes.get(pod.spec.nodeName);
      const isConcerned = node === undefined || noExecuteTaints(node).length > 0;
      if (isConcerned) this.loop.enqueue(keyOf(pod));
    };
    this.#pods.addListener({
      onAdd: onPod,
      onUpdate: onPod,
      onDelete: ({ metadata }) => {
        this.#countedSinceMs.delete(metadata.uid);
        this.#deleted.delete(metadata.uid);
      },
    });
    const onNode = ({ metadata }: Node) => {
      for (const pod of podsOnNode(this.#pods, metadata.name)) this.loop.enqueue(keyOf(pod));
    };
    this.#nodes.addListener({
      onAdd: onNode,
      onUpdate: (node, previous) => {
        if (!isSameTaints(node, previous)) onNode(node);
      },
      onDelete: onNode,
    });
  }

  async #sync(key: string, signal: AbortSignal): Promise<SyncResult> {
    const pod = this.#pods.get(key);
    if (pod === undefined || !isAssigned(pod)) return {};
    const node = this.#nodes.get(pod.spec.nodeName);
    // Without a node the pod-garbage-collector decides; a terminating Pod is on its way.
    if (node === undefined || this.#isLeaving(pod)) {
      this.#countedSinceMs.delete(pod.metadata.uid);
      return {};
    }
    const toleratedMs = tolerationMs(noExecuteTaints(node), pod.spec.tolerations);
    if (toleratedMs === Number.POSITIVE_INFINITY) {
      this.#cancel(pod);
      return {};
    }
    const restMs = this.#countingSinceMs(pod, node) + toleratedMs - this.#context.clock.monotonicMs();
    if (restMs > 0) return { requeueAfterMs: Math.ceil(restMs) };
    await this.#evict(pod, signal);
    return {};
  }

  #isLeaving(pod: Pod): boolean {
    return isPodTerminating(pod) || this.#deleted.has(pod.metadata.uid);
  }

  #countingSinceMs(pod: Pod, node: Node): number {
    const { uid } = pod.metadata;
    const { clock } = this.#context;
    const known = this.#countedSinceMs.get(uid);
    if (known !== undefined) return known;
    const sinceMs = clock.monotonicMs() - taintedForMs(pod, noExecuteTaints(node), clock.now());
    this.#countedSinceMs.set(uid, sinceMs);
    return sinceMs;
  }

  #cancel(pod: Pod): void {
    if (!this.#countedSinceMs.delete(pod.metadata.uid)) return;
    const message = `Cancelling deletion of Pod ${keyOf(pod)}`;
    this.#context.recorder.event(pod, 'Normal', 'TaintManagerEviction', message);
  }

  async #evict(pod: Pod, signal: AbortSignal): Promise<void> {
    const { client, clock, recorder } = this.#context;
    const { name, namespace = '', uid } = pod.metadata;
    const conditions = withPodCondition(pod, DISRUPTION, clock.now());
    const eviction = async () => {
      if (conditions !== undefined) await patchPodStatus(client, pod, { conditions }, signal);
      recorder.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${keyOf(pod)}`);
      await client.delete(PODS, { namespace, name }, { preconditions: { uid } }, signal);
      if (this.#pods.get(keyOf(pod))?.metadata.uid === uid) this.#deleted.add(uid);
    };
    await eviction().catch((error: unknown) => {
      if (!hasReason(error, 'NotFound')) throw error;
    });
  }
}

function isSameTaints(a: Node, b: Node): boolean {
  return JSON.stringify(noExecuteTaints(a)) === JSON.stringify(noExecuteTaints(b));
}
