/** One node as the scheduler sees it: what it offers, and what the Pods on it (bound or assumed) take. */
import type { Node, Taint } from '../api/generated/core-v1.ts';
import { type ResourceAmounts, toAmounts } from '../api/pod-resources.ts';
import type { CpuAndMemory, PodInfo } from './pod-info.ts';
import { HOSTNAME, ZONE } from './topology/topology-keys.ts';

const NO_LABELS: Readonly<Record<string, string>> = {};

export class NodeInfo {
  readonly name: string;
  #node: Node;
  #labels = NO_LABELS;
  #allocatable: ResourceAmounts = new Map();
  // What every decision asks of hundreds of nodes lies here, without a look-up: in a large cluster each further place that
  // must be read is one that no cache of the processor holds.
  /** Cordoned. */
  isUnschedulable = false;
  /** Absent when there are none. */
  taints: readonly Taint[] | undefined;
  podsMax = 0;
  /** How many {@link pods} there are. */
  podCount = 0;
  #hostname: string | undefined;
  #zone: string | undefined;
  readonly capacity: CpuAndMemory = { cpuMillis: 0, memoryBytes: 0 };
  readonly pods = new Map<string, PodInfo>();
  /** Of {@link pods}, those that hold a port of the node. */
  readonly portHolders = new Map<string, PodInfo>();
  readonly requested: ResourceAmounts = new Map();
  readonly scored: CpuAndMemory = { cpuMillis: 0, memoryBytes: 0 };

  constructor(node: Node) {
    this.name = node.metadata.name;
    this.#node = node;
    this.update(node);
  }

  get node(): Node {
    return this.#node;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#labels;
  }

  get allocatable(): ResourceAmounts {
    return this.#allocatable;
  }

  /** The value of a label, which says where the node is. */
  domain(topologyKey: string): string | undefined {
    if (topologyKey === HOSTNAME) return this.#hostname;
    return topologyKey === ZONE ? this.#zone : this.#labels[topologyKey];
  }

  update(node: Node): void {
    this.#node = node;
    this.#labels = node.metadata.labels ?? NO_LABELS;
    this.#hostname = this.#labels[HOSTNAME];
    this.#zone = this.#labels[ZONE];
    this.isUnschedulable = node.spec.unschedulable === true;
    this.taints = node.spec.taints?.length ? node.spec.taints : undefined;
    this.#allocatable = toAmounts(node.status?.allocatable);
    this.podsMax = this.#allocatable.get('pods') ?? 0;
    this.capacity.cpuMillis = this.#allocatable.get('cpu') ?? 0;
    this.capacity.memoryBytes = this.#allocatable.get('memory') ?? 0;
  }

  add(info: PodInfo): void {
    this.remove(info.key);
    this.pods.set(info.key, info);
    this.podCount++;
    if (info.hostPorts.length > 0) this.portHolders.set(info.key, info);
    this.#count(info, 1);
  }

  remove(key: string): void {
    const info = this.pods.get(key);
    if (info === undefined) return;
    this.pods.delete(key);
    this.podCount--;
    this.portHolders.delete(key);
    this.#count(info, -1);
  }

  /** The same node with the same Pods, to try on what other Pods would make of it. */
  copy(): NodeInfo {
    const copied = new NodeInfo(this.#node);
    for (const info of this.pods.values()) copied.add(info);
    return copied;
  }

  #count(info: PodInfo, sign: 1 | -1): void {
    for (const { name, amount } of info.requests)
      this.requested.set(name, (this.requested.get(name) ?? 0) + sign * amount);
    this.scored.cpuMillis += sign * info.scored.cpuMillis;
    this.scored.memoryBytes += sign * info.scored.memoryBytes;
  }
}
