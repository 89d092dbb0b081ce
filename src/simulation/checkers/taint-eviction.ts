/**
 * No Pod stays on a node with a NoExecute taint that it does not tolerate, or no longer: within its time and
 * {@link STALE_MAX_MS} of calm it is being deleted. The time counts from when the taint, or the Pod on the node, was durable.
 */
import type { Node, Pod, Taint } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { isPodTerminating } from '../../api/pod-conditions.ts';
import { NODES } from '../../api/resources.ts';
import { toleratesTaint } from '../../api/taints.ts';
import type { ObjectCommitted } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { DueQueue } from './due-queue.ts';
import { STALE_MAX_MS } from './held-bound.ts';
import { NODES_PREFIX, PODS_PREFIX } from './storage-prefixes.ts';

export const newTaintEvictionChecker: CheckerFactory = (cluster, report) => {
  const book = new TaintBook(cluster, report);
  return {
    onEvent(event) {
      book.judgeDue(event.atMs);
      if (event.kind !== 'commit') return;
      if (event.key.startsWith(NODES_PREFIX)) book.onNode(event, event.atMs);
      else if (event.key.startsWith(PODS_PREFIX)) book.onPod(event, event.atMs);
    },
  };
};

interface Tainted {
  taint: Taint;
  sinceMs: number;
}

/** A Pod on a node with taints, and since when it is there. */
interface Stay {
  readonly uid: string;
  readonly node: string;
  readonly sinceMs: number;
}

class TaintBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  /** NoExecute taints by node, for nodes that have any. */
  readonly #tainted = new Map<string, readonly Tainted[]>();
  /** By Pod. Bounded by the Pods on nodes with taints. */
  readonly #stays = new Map<string, Stay>();
  readonly #due = new DueQueue<Stay>(STALE_MAX_MS);

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
    const nowMs = cluster.world.clock.now();
    for (const node of cluster.world.objects(NODES)) this.#follow(node, nowMs);
  }

  onNode({ type, object }: ObjectCommitted, nowMs: number): void {
    const node = object as unknown as Node;
    if (type === 'delete') this.#tainted.delete(node.metadata.name);
    else this.#follow(node, nowMs);
  }

  onPod({ type, object }: ObjectCommitted, nowMs: number): void {
    const pod = object as unknown as Pod;
    if (type === 'delete' || isPodTerminating(pod)) this.#stays.delete(pod.metadata.uid);
    else this.#watch(pod, nowMs);
  }

  judgeDue(nowMs: number): void {
    this.#due.takeDue(nowMs, (stay) => {
      if (this.#stays.get(stay.uid) !== stay) return;
      const pod = this.#cluster.pods.get(stay.uid);
      const taints = this.#tainted.get(stay.node);
      if (pod === undefined || taints === undefined) this.#stays.delete(stay.uid);
      else this.#judge(pod, stay, taints, nowMs);
    });
  }

  #judge(pod: Pod, stay: Stay, taints: readonly Tainted[], nowMs: number): void {
    const isCalm = this.#cluster.calm.forMs() >= STALE_MAX_MS;
    const overdue = taints.find(({ taint, sinceMs }) => {
      const fromMs = Math.max(sinceMs, stay.sinceMs);
      return nowMs > fromMs + toleratedMs(pod, taint) + STALE_MAX_MS;
    });
    if (overdue === undefined || !isCalm) {
      this.#due.add(stay, nowMs);
      return;
    }
    this.#stays.delete(stay.uid);
    const { taint, sinceMs } = overdue;
    this.#report(
      `Pod ${keyOf(pod)} stays on ${stay.node}, which has the taint ${taint.key}:NoExecute since ${Math.round(nowMs - sinceMs)} ms`,
    );
  }

  #follow({ metadata: { name }, spec }: Node, nowMs: number): void {
    const taints = spec.taints?.filter(({ effect }) => effect === 'NoExecute') ?? [];
    const before = this.#tainted.get(name) ?? [];
    if (taints.length === 0) {
      this.#tainted.delete(name);
      return;
    }
    const sinceOf = ({ key, value }: Taint) =>
      before.find(({ taint }) => taint.key === key && taint.value === value)?.sinceMs ?? nowMs;
    this.#tainted.set(
      name,
      taints.map((taint) => ({ taint, sinceMs: sinceOf(taint) })),
    );
    for (const pod of this.#cluster.pods.all()) if (!isPodTerminating(pod)) this.#watch(pod, nowMs);
  }

  #watch({ metadata: { uid }, spec: { nodeName: node } }: Pod, nowMs: number): void {
    if (node === undefined || !this.#tainted.has(node) || this.#stays.has(uid)) return;
    const stay = { uid, node, sinceMs: nowMs };
    this.#stays.set(uid, stay);
    this.#due.add(stay, nowMs);
  }
}

/** The first toleration of a taint counts; without one it is not tolerated at all. */
function toleratedMs({ spec }: Pod, taint: Taint): number {
  const used = spec.tolerations?.find((toleration) => toleratesTaint(toleration, taint));
  if (used === undefined) return 0;
  const { tolerationSeconds = Number.POSITIVE_INFINITY } = used;
  return Math.max(0, tolerationSeconds * 1000);
}
