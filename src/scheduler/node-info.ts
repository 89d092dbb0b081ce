/** One node as the scheduler sees it: what it offers, and what the Pods on it (bound or assumed) take. */
import type { Node, Pod } from '../api/generated/core-v1.ts';
import { keyOf } from '../api/meta.ts';
import { podRequests, type ResourceAmounts, toAmounts } from '../api/pod-resources.ts';

/** What a container without a request counts as when nodes are scored. @see schedutil.DefaultMilliCPURequest */
const UNREQUESTED_CPU_MILLIS = 100;
const UNREQUESTED_MEMORY_BYTES = 200 * 1024 * 1024;

/** A Pod with what the filters ask of it, computed once. */
export interface PodInfo {
  readonly pod: Pod;
  readonly key: string;
  readonly requests: ResourceAmounts;
  /** `protocol/hostIP/port` of every host port. */
  readonly hostPorts: readonly HostPort[];
  /** CPU and memory for scoring: requests, with a default where there is none. */
  readonly scored: { cpuMillis: number; memoryBytes: number };
}

export interface HostPort {
  protocol: string;
  /** `0.0.0.0` for all addresses. */
  ip: string;
  port: number;
}

export function newPodInfo(pod: Pod): PodInfo {
  const requests = podRequests(pod);
  return {
    pod,
    key: keyOf(pod),
    requests,
    hostPorts: hostPortsOf(pod),
    scored: {
      cpuMillis: requests.get('cpu') || UNREQUESTED_CPU_MILLIS * pod.spec.containers.length,
      memoryBytes: requests.get('memory') || UNREQUESTED_MEMORY_BYTES * pod.spec.containers.length,
    },
  };
}

function hostPortsOf(pod: Pod): HostPort[] {
  return pod.spec.containers
    .flatMap((container) => container.ports ?? [])
    .filter((port) => (port.hostPort ?? 0) > 0)
    .map((port) => ({
      protocol: port.protocol ?? 'TCP',
      ip: port.hostIP || '0.0.0.0',
      port: port.hostPort!,
    }));
}

export class NodeInfo {
  readonly name: string;
  node: Node;
  allocatable: ResourceAmounts;
  readonly pods = new Map<string, PodInfo>();
  readonly requested: ResourceAmounts = new Map();
  readonly scored = { cpuMillis: 0, memoryBytes: 0 };

  constructor(node: Node) {
    this.name = node.metadata.name;
    this.node = node;
    this.allocatable = toAmounts(node.status?.allocatable);
  }

  update(node: Node): void {
    this.node = node;
    this.allocatable = toAmounts(node.status?.allocatable);
  }

  add(info: PodInfo): void {
    this.remove(info.key);
    this.pods.set(info.key, info);
    this.#count(info, 1);
  }

  remove(key: string): void {
    const info = this.pods.get(key);
    if (info === undefined) return;
    this.pods.delete(key);
    this.#count(info, -1);
  }

  #count(info: PodInfo, sign: 1 | -1): void {
    for (const [name, amount] of info.requests)
      this.requested.set(name, (this.requested.get(name) ?? 0) + sign * amount);
    this.scored.cpuMillis += sign * info.scored.cpuMillis;
    this.scored.memoryBytes += sign * info.scored.memoryBytes;
  }
}
