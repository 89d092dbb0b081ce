/**
 * The scheduler binds a Pod only where it may run: the node exists, repels it by no taint that everybody must know of, has
 * the labels that the Pod asks for, and room for its requests beside all others. Once faults have stopped: no Pod waits
 * that would fit.
 *
 * Affinity and spreading are left out: they are the scheduler's own tests. A Pod with them is never said to be late.
 */
import type { Node, Pod } from '../../api/generated/core-v1.ts';
import { keyOf } from '../../api/meta.ts';
import { isPodActive, isPodTerminal } from '../../api/pod-conditions.ts';
import { podRequests, toAmounts } from '../../api/pod-resources.ts';
import { NODES } from '../../api/resources.ts';
import { findUntoleratedTaint } from '../../api/taints.ts';
import type { ObjectCommitted, ProcessChanged } from '../world/world-event.ts';
import type { CheckedCluster, CheckerFactory } from './checker.ts';
import { STALE_MAX_MS } from './held-bound.ts';
import { NODES_PREFIX, PODS_PREFIX } from './storage-prefixes.ts';

export const newPlacementChecker: CheckerFactory = (cluster, report) => {
  const book = new PlacementBook(cluster, report);
  return {
    onEvent(event) {
      if (event.kind === 'process') book.onProcess(event, event.atMs);
      if (event.kind !== 'commit') return;
      if (event.key.startsWith(PODS_PREFIX)) book.onPod(event, event.atMs);
      else if (event.key.startsWith(NODES_PREFIX)) book.onNode(event, event.atMs);
    },
    unconverged: () => book.waiting(),
  };
};

type Effects = Parameters<typeof findUntoleratedTaint>[2];
const REPELLING: Effects = ['NoSchedule', 'NoExecute'];

class PlacementBook {
  readonly #cluster: CheckedCluster;
  readonly #report: (message: string) => void;
  readonly #nodes = new Map<string, { node: Node; changedMs: number }>();
  /** Uids by node. Bounded by the Pods that exist. */
  readonly #onNode = new Map<string, Set<string>>();
  /** Until then a binding of a scheduler that died may still come in. */
  #leftBehindUntilMs = 0;

  constructor(cluster: CheckedCluster, report: (message: string) => void) {
    this.#cluster = cluster;
    this.#report = report;
    const changedMs = cluster.world.clock.now();
    for (const node of cluster.world.objects(NODES)) this.#nodes.set(node.metadata.name, { node, changedMs });
    for (const pod of cluster.pods.all()) this.#add(pod);
  }

  onNode({ type, object }: ObjectCommitted, nowMs: number): void {
    const node = object as unknown as Node;
    const { name } = node.metadata;
    const known = this.#nodes.get(name);
    if (type === 'delete') this.#nodes.delete(name);
    else if (known !== undefined && repulsionOf(known.node) === repulsionOf(node)) known.node = node;
    else this.#nodes.set(name, { node, changedMs: nowMs });
  }

  onPod({ type, object }: ObjectCommitted, nowMs: number): void {
    const pod = object as unknown as Pod;
    const { nodeName } = pod.spec;
    if (nodeName === undefined) return;
    if (type === 'delete' || isPodTerminal(pod)) {
      this.#onNode.get(nodeName)?.delete(pod.metadata.uid);
      return;
    }
    this.#add(pod);
    const before = this.#cluster.pods.get(pod.metadata.uid);
    if (before !== undefined && before.spec.nodeName === undefined) this.#judge(pod, nodeName, nowMs);
  }

  /** A scheduler dies, and the server with what it works on lives on. */
  onProcess({ process, what }: ProcessChanged, nowMs: number): void {
    const isEnd = what === 'killed' || what === 'broken' || what === 'stopped';
    if (isEnd && process.endsWith('/controllers')) this.#leftBehindUntilMs = nowMs + STALE_MAX_MS;
  }

  /** Pods without a node that would fit on one. */
  waiting(): string[] {
    return [...this.#cluster.pods.all()].filter(isPlain).flatMap((pod) => {
      const fitting = [...this.#nodes.values()].find(
        ({ node }) => whyNotOn(node, pod) === undefined && this.#lacking(node, pod) === undefined,
      );
      return fitting === undefined
        ? []
        : [`Pod ${keyOf(pod)} has no node, and fits on ${fitting.node.metadata.name}`];
    });
  }

  #judge(pod: Pod, nodeName: string, nowMs: number): void {
    const known = this.#nodes.get(nodeName);
    const isKnown = (sinceMs: number) =>
      nowMs - sinceMs >= STALE_MAX_MS && this.#cluster.calm.forMs() >= STALE_MAX_MS;
    if (known === undefined) return;
    const { node, changedMs } = known;
    const why = isKnown(changedMs) ? whyNotOn(node, pod) : undefined;
    const lacking = nowMs > this.#leftBehindUntilMs ? this.#lacking(node, pod) : undefined;
    for (const problem of [why, lacking]) {
      if (problem !== undefined) this.#report(`Pod ${keyOf(pod)} is bound to ${nodeName}, which ${problem}`);
    }
  }

  /** @returns what there is not enough of for all Pods of the node, with `pod` */
  #lacking(node: Node, pod: Pod): string | undefined {
    const allocatable = toAmounts(node.status?.allocatable);
    const uids = new Set(this.#onNode.get(node.metadata.name)).add(pod.metadata.uid);
    const used = new Map([['pods', uids.size]]);
    for (const uid of uids) {
      const other = uid === pod.metadata.uid ? pod : this.#cluster.pods.get(uid);
      for (const [name, amount] of other === undefined ? [] : podRequests(other)) {
        used.set(name, (used.get(name) ?? 0) + amount);
      }
    }
    for (const [name, amount] of used) {
      const available = allocatable.get(name) ?? 0;
      if (amount > available) return `has ${available} of ${name} for the ${amount} that its Pods ask for`;
    }
    return undefined;
  }

  #add({ metadata, spec, status }: Pod): void {
    if (spec.nodeName === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed') return;
    const uids = this.#onNode.get(spec.nodeName);
    if (uids === undefined) this.#onNode.set(spec.nodeName, new Set([metadata.uid]));
    else uids.add(metadata.uid);
  }
}

/** What may keep Pods away, as one text. */
function repulsionOf({ metadata, spec }: Node): string {
  return JSON.stringify([spec.taints, spec.unschedulable, metadata.labels]);
}

function whyNotOn(node: Node, { spec }: Pod): string | undefined {
  const cordon = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  const taints = [...(node.spec.taints ?? []), ...(node.spec.unschedulable === true ? [cordon] : [])];
  const taint = findUntoleratedTaint(taints, spec.tolerations, REPELLING);
  if (taint !== undefined) return `has the taint ${taint.key}:${taint.effect}`;
  const asked = Object.entries(spec.nodeSelector ?? {});
  const missing = asked.find(([label, value]) => node.metadata.labels?.[label] !== value);
  return missing === undefined ? undefined : `has no label ${missing.join('=')}`;
}

/** Waits for the scheduler, and asks for nothing that is not looked at here. */
function isPlain(pod: Pod): boolean {
  const { nodeName, affinity, topologySpreadConstraints, schedulingGates, containers, volumes, priority } =
    pod.spec;
  const hasHostPorts = containers.some(({ ports = [] }) =>
    ports.some(({ hostPort }) => hostPort !== undefined),
  );
  const needsClaim =
    volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined) === true;
  const asks = [nodeName, affinity, topologySpreadConstraints, schedulingGates];
  return (
    isPodActive(pod) && asks.every((part) => part === undefined) && !hasHostPorts && !needsClaim && !priority
  );
}
