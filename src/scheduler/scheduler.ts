/**
 * Gives every Pod that has no node one: takes the next from the queue, decides on a snapshot of the cluster, assumes the
 * decision at once and writes the binding beside the next decision.
 *
 * Invariant: decisions are made one after another, each on a snapshot that counts all decisions before it. A binding that
 * fails is taken back, and its Pod comes again.
 */
import type { Node, Pod } from '../api/generated/core-v1.ts';
import { keyOf, namespaceOf } from '../api/meta.ts';
import { isPodTerminal, isPodTerminating, podCondition } from '../api/pod-conditions.ts';
import { NODES, PODS } from '../api/resources.ts';
import { isCancellation } from '../base/abort.ts';
import { type Clock, toTimestamp } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Random } from '../base/random.ts';
import { hasReason, StatusError } from '../base/status-error.ts';
import type { ApiClient } from '../client/api-client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import type { Informer, InformerFactory } from '../client/informer.ts';
import { BINDINGS_IN_FLIGHT_MAX, SCHEDULER_NAME } from './defaults.ts';
import { newPodInfo, type PodInfo } from './node-info.ts';
import { schedulePod } from './schedule-pod.ts';
import { SchedulingQueue } from './scheduling-queue.ts';
import { ClusterSnapshot } from './snapshot.ts';

export interface SchedulerContext {
  clock: Clock;
  random: Random;
  log: Logger;
  client: ApiClient;
  informers: InformerFactory;
  recorder: EventRecorder;
}

export class Scheduler {
  readonly name = 'scheduler';
  readonly #context: SchedulerContext;
  readonly #queue: SchedulingQueue;
  readonly #snapshot = new ClusterSnapshot();
  readonly #informers: readonly Informer<Node | Pod>[];
  readonly #bindings = new Set<Promise<void>>();
  /** Pods whose binding is on its way: what the cache still shows as unassigned. */
  readonly #assumed = new Set<string>();
  #start = 0;

  constructor(context: SchedulerContext) {
    this.#context = context;
    this.#queue = new SchedulingQueue(context.clock);
    const nodes = context.informers.informer(NODES);
    const pods = context.informers.informer(PODS);
    this.#informers = [nodes, pods] as unknown as readonly Informer<Node | Pod>[];
    nodes.addListener({
      onAdd: (node) => this.#onNode(node),
      onUpdate: (node, previous) => this.#onNode(node, previous),
      onDelete: (node) => this.#snapshot.removeNode(node.metadata.name),
    });
    pods.addListener({
      onAdd: (pod) => this.#onPod(pod),
      onUpdate: (pod) => this.#onPod(pod),
      onDelete: (pod) => this.#forget(pod),
    });
  }

  /** Works until `signal` aborts; resolves when no binding is on its way any more. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for (const informer of this.#informers) await informer.whenSynced(signal);
      for (;;) {
        await this.#queue.whenActive(signal);
        const pod = this.#queue.take();
        if (pod !== undefined) this.#decide(pod, signal);
        if (this.#bindings.size >= BINDINGS_IN_FLIGHT_MAX) await Promise.race(this.#bindings);
      }
    } catch (error) {
      if (!isCancellation(error, signal)) throw error;
    } finally {
      this.#queue.close();
      await Promise.allSettled(this.#bindings);
    }
  }

  #onNode(node: Node, previous?: Node): void {
    this.#snapshot.setNode(node);
    if (previous === undefined || offersMore(previous, node)) this.#queue.flush();
  }

  #onPod(pod: Pod): void {
    const key = keyOf(pod);
    if (pod.spec.nodeName || isPodTerminal(pod)) {
      this.#queue.remove(key);
      this.#assumed.delete(key);
      this.#snapshot.setPod(pod);
      if (isPodTerminal(pod)) this.#queue.flush();
      return;
    }
    if (isPodTerminating(pod)) this.#queue.remove(key);
    else if (
      pod.spec.schedulerName === SCHEDULER_NAME &&
      !pod.spec.schedulingGates?.length &&
      !this.#assumed.has(key)
    )
      this.#queue.set(pod);
  }

  #forget(pod: Pod): void {
    const key = keyOf(pod);
    this.#queue.remove(key);
    this.#assumed.delete(key);
    this.#snapshot.removePod(key);
    this.#queue.flush();
  }

  #decide(pod: Pod, signal: AbortSignal): void {
    const info = newPodInfo(pod);
    const outcome = schedulePod(info, {
      nodes: this.#snapshot.nodes,
      start: this.#start,
      random: this.#context.random,
    });
    if ('bound' in outcome) {
      this.#start = outcome.nextStart;
      this.#assume(info, outcome.bound);
      this.#track(this.#bind(info, outcome.bound, signal));
    } else {
      this.#queue.unschedulable(info.key);
      this.#track(this.#reportUnschedulable(pod, outcome.unschedulable, signal));
    }
  }

  #assume(info: PodInfo, nodeName: string): void {
    this.#assumed.add(info.key);
    this.#snapshot.place(info, nodeName);
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#bindings.delete(tracked));
    this.#bindings.add(tracked);
  }

  async #bind(info: PodInfo, nodeName: string, signal: AbortSignal): Promise<void> {
    const { name, uid } = info.pod.metadata;
    const namespace = namespaceOf(info.pod);
    const body = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    };
    try {
      await this.#context.client.createSubresource(
        PODS,
        { namespace, name },
        { name: 'binding', body },
        signal,
      );
      this.#queue.remove(info.key);
      const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
      this.#context.recorder.event(info.pod, 'Normal', 'Scheduled', message);
    } catch (error) {
      this.#takeBack(info, error, signal);
    }
  }

  /** A binding that failed: the Pod is gone or bound already (its own event tells), or it comes again. */
  #takeBack(info: PodInfo, error: unknown, signal: AbortSignal): void {
    if (isCancellation(error, signal)) return;
    if (!(error instanceof StatusError)) throw error;
    if (!this.#assumed.delete(info.key)) return;
    this.#snapshot.removePod(info.key);
    if (hasReason(error, 'NotFound')) return;
    this.#context.log.warn('binding failed, will retry', { pod: info.key, error });
    this.#queue.retry(info.key);
  }

  async #reportUnschedulable(pod: Pod, message: string, signal: AbortSignal): Promise<void> {
    this.#context.recorder.event(pod, 'Warning', 'FailedScheduling', message);
    const before = podCondition(pod, 'PodScheduled');
    if (before?.status === 'False' && before.message === message) return;
    const lastTransitionTime =
      before?.status === 'False' ? before.lastTransitionTime : toTimestamp(this.#context.clock.now());
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime,
    };
    const target = { namespace: namespaceOf(pod), name: pod.metadata.name };
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
    try {
      await this.#context.client.patch(
        PODS,
        target,
        { type: 'strategic', body, subresource: 'status' },
        signal,
      );
    } catch (error) {
      if (isCancellation(error, signal)) return;
      if (!(error instanceof StatusError)) throw error;
      if (!hasReason(error, 'NotFound', 'Conflict'))
        this.#context.log.warn('cannot report an unschedulable Pod', { pod: keyOf(pod), error });
    }
  }
}

/** Whether a node changed in a way that may let a waiting Pod in; heartbeats do not. */
function offersMore(before: Node, after: Node): boolean {
  return (
    (before.spec !== after.spec && JSON.stringify(before.spec) !== JSON.stringify(after.spec)) ||
    JSON.stringify(before.metadata.labels) !== JSON.stringify(after.metadata.labels) ||
    JSON.stringify(before.status?.allocatable) !== JSON.stringify(after.status?.allocatable)
  );
}
