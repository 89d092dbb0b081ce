/**
 * Keeps snapshot and queue true to what the informers tell and to what the scheduler itself has decided and the caches do not
 * show yet: Pods assumed on a node while their binding is on its way, and victims told to go.
 *
 * Invariant: a Pod is in the queue or counted on a node, never both, and what the scheduler decided holds until the cache has
 * caught up with it or it has failed.
 */
import type { Namespace, Node, Pod } from '../api/generated/core-v1.ts';
import type { PodDisruptionBudget } from '../api/generated/policy-v1.ts';
import { equalJson } from '../api/json.ts';
import { keyOf } from '../api/meta.ts';
import { isPodTerminal, isPodTerminating } from '../api/pod-conditions.ts';
import { NAMESPACES, NODES, POD_DISRUPTION_BUDGETS, PODS } from '../api/resources.ts';
import type { Clock } from '../base/clock.ts';
import type { Informer, InformerFactory } from '../client/informer.ts';
import { nodeChanges, placedPodChanges } from './cluster-changes.ts';
import { SCHEDULER_NAME } from './defaults.ts';
import { newPodInfo, type PodInfo } from './pod-info.ts';
import type { BudgetsOf } from './preemption/disruption-budgets.ts';
import { SchedulingQueue } from './scheduling-queue.ts';
import { ClusterSnapshot } from './snapshot.ts';
import { newWorkloadSelector } from './topology/workload-selector.ts';

export class ClusterObserver {
  readonly queue: SchedulingQueue;
  readonly snapshot: ClusterSnapshot;
  readonly budgetsOf: BudgetsOf;
  readonly #informers: readonly Pick<Informer<unknown>, 'whenSynced'>[];
  /** Pods whose binding is on its way, or done and not in the cache yet, by key. */
  readonly #assumed = new Map<string, PodInfo>();
  /** Uids of victims until the cache shows that they go. */
  readonly #leaving = new Set<string>();

  constructor({ clock, informers }: { clock: Clock; informers: InformerFactory }) {
    this.queue = new SchedulingQueue(clock);
    this.snapshot = new ClusterSnapshot(newWorkloadSelector(informers));
    const nodes = informers.informer<Node>(NODES);
    const pods = informers.informer<Pod>(PODS);
    const namespaces = informers.informer<Namespace>(NAMESPACES);
    const budgets = informers.informer<PodDisruptionBudget>(POD_DISRUPTION_BUDGETS);
    this.#informers = [nodes, pods, namespaces, budgets];
    this.budgetsOf = (namespace) => budgets.list(namespace);
    this.#observeNodes(nodes);
    this.#observeNamespaces(namespaces);
    pods.addListener({
      onAdd: (pod) => this.#onPod(pod),
      onUpdate: (pod, previous) => this.#onPod(pod, previous),
      onDelete: (pod) => this.#onPodGone(pod),
    });
  }

  get leaving(): ReadonlySet<string> {
    return this.#leaving;
  }

  async whenSynced(signal: AbortSignal): Promise<void> {
    for (const informer of this.#informers) await informer.whenSynced(signal);
  }

  /** The Pod counts on `nodeName` from now on. */
  assume(info: PodInfo, nodeName: string): void {
    this.#assumed.set(info.key, info);
    this.snapshot.nominations.remove(info.key);
    this.snapshot.place(info, nodeName);
  }

  /** The binding of an assumed Pod is written. */
  bound(info: PodInfo): void {
    if (this.#assumed.get(info.key) === info) this.queue.remove(info.key);
  }

  /** The binding of an assumed Pod has failed. False when the cache knows better by now: nothing is to be done. */
  takeBack(info: PodInfo): boolean {
    if (this.#assumed.get(info.key) !== info) return false;
    this.#assumed.delete(info.key);
    this.snapshot.removePod(info.key);
    this.queue.flush('PodGone');
    return true;
  }

  /** Promises `nodeName` to the Pod. Returns those that were promised it before and are less important. */
  nominate(info: PodInfo, nodeName: string): PodInfo[] {
    const { nominations } = this.snapshot;
    const displaced = nominations.behind(info, nodeName);
    for (const { key } of displaced) nominations.remove(key);
    nominations.set(info, nodeName);
    return displaced;
  }

  sendAway(victims: readonly PodInfo[]): void {
    for (const { pod } of victims) if (!isPodTerminating(pod)) this.#leaving.add(pod.metadata.uid);
  }

  /** A victim could not be told to go. */
  staysOn({ pod }: PodInfo): void {
    this.#leaving.delete(pod.metadata.uid);
  }

  #observeNodes(nodes: Informer<Node>): void {
    nodes.addListener({
      onAdd: (node) => {
        this.snapshot.setNode(node);
        this.queue.flush('NodeAdded');
      },
      onUpdate: (node, previous) => {
        this.snapshot.setNode(node);
        for (const change of nodeChanges(previous, node)) this.queue.flush(change);
      },
      onDelete: (node) => {
        this.snapshot.removeNode(node.metadata.name);
        this.queue.flush('NodeDeleted');
      },
    });
  }

  #observeNamespaces(namespaces: Informer<Namespace>): void {
    namespaces.addListener({
      onAdd: (namespace) => this.snapshot.setNamespace(namespace),
      onUpdate: (namespace, previous) => {
        this.snapshot.setNamespace(namespace);
        if (!equalJson(previous.metadata.labels, namespace.metadata.labels))
          this.queue.flush('NamespaceLabelsChanged');
      },
      onDelete: ({ metadata }) => this.snapshot.removeNamespace(metadata.name),
    });
  }

  #onPod(pod: Pod, previous?: Pod): void {
    if (isPodTerminating(pod)) this.#leaving.delete(pod.metadata.uid);
    if (isPodTerminal(pod)) this.#onPodGone(pod);
    else if (pod.spec.nodeName) this.#onPlaced(pod, previous);
    else this.#onWaiting(pod, previous);
  }

  #onPlaced(pod: Pod, previous: Pod | undefined): void {
    const key = keyOf(pod);
    this.queue.remove(key);
    this.#assumed.delete(key);
    this.snapshot.nominations.remove(key);
    this.snapshot.setPod(pod);
    if (!previous?.spec.nodeName) this.queue.flush('PodPlaced');
    else for (const change of placedPodChanges(previous, pod)) this.queue.flush(change);
  }

  #onWaiting(pod: Pod, previous: Pod | undefined): void {
    const key = keyOf(pod);
    if (isPodTerminating(pod)) {
      this.queue.remove(key);
      this.snapshot.nominations.remove(key);
      return;
    }
    const isOurs = (pod.spec.schedulerName ?? SCHEDULER_NAME) === SCHEDULER_NAME;
    if (!isOurs || pod.spec.schedulingGates?.length || this.#assumed.has(key)) return;
    // Promised before this process started.
    const promised = pod.status?.nominatedNodeName;
    if (previous === undefined && promised) this.snapshot.nominations.set(newPodInfo(pod), promised);
    this.queue.set(pod);
  }

  /** Deleted, or ended: it takes nothing any more. */
  #onPodGone(pod: Pod): void {
    const key = keyOf(pod);
    this.queue.remove(key);
    this.#assumed.delete(key);
    this.#leaving.delete(pod.metadata.uid);
    this.snapshot.nominations.remove(key);
    this.snapshot.removePod(key);
    this.queue.flush('PodGone');
  }
}
