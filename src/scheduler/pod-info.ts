/** One Pod with what the rules ask of it, computed once when it is first seen. */
import type { Pod } from '../api/generated/core-v1.ts';
import { equalJson } from '../api/json.ts';
import { keyOf } from '../api/meta.ts';
import { isPodTerminating, podCondition } from '../api/pod-conditions.ts';
import { RESIZE_PENDING, resizableContainers, statusOfContainer } from '../api/pod-resize.ts';
import { reservedRequests } from '../api/pod-resources.ts';

/** What a container without a request counts as when nodes are scored. @see schedutil.DefaultMilliCPURequest */
const UNREQUESTED_CPU_MILLIS = 100;
const UNREQUESTED_MEMORY_BYTES = 200 * 1024 * 1024;

export interface PodInfo {
  /** Replaced while it changes in nothing that the rest was computed from: see {@link asksTheSame}. */
  pod: Pod;
  readonly key: string;
  readonly priority: number;
  /** Of every resource that it asks more than nothing of: CPU in thousandths of a core, the rest in whole units. */
  readonly requests: readonly ResourceRequest[];
  readonly hostPorts: readonly HostPort[];
  /** CPU and memory for scoring: requests, with a default where there is none. */
  readonly scored: CpuAndMemory;
}

export interface ResourceRequest {
  readonly name: string;
  readonly amount: number;
}

export interface CpuAndMemory {
  cpuMillis: number;
  memoryBytes: number;
}

export interface HostPort {
  protocol: string;
  /** `0.0.0.0` for all addresses. */
  ip: string;
  port: number;
}

export function newPodInfo(pod: Pod): PodInfo {
  const requests = reservedRequests(pod);
  const containers = pod.spec.containers.length;
  return {
    pod,
    key: keyOf(pod),
    priority: pod.spec.priority ?? 0,
    requests: Array.from(requests, ([name, amount]) => ({ name, amount })).filter(({ amount }) => amount > 0),
    hostPorts: hostPortsOf(pod),
    scored: {
      cpuMillis: requests.get('cpu') || UNREQUESTED_CPU_MILLIS * containers,
      memoryBytes: requests.get('memory') || UNREQUESTED_MEMORY_BYTES * containers,
    },
  };
}

/** Whether all that is computed of `before` is true of `after` too; its status may be another, as it is half a dozen times. */
export function asksTheSame(before: Pod, after: Pod): boolean {
  return (
    before.metadata.uid === after.metadata.uid &&
    isPodTerminating(before) === isPodTerminating(after) &&
    equalJson(before.spec, after.spec) &&
    equalJson(before.metadata.labels, after.metadata.labels) &&
    isReservedTheSame(before, after)
  );
}

/** Whether the containers have been given, and have, as much; whether they may get more. */
function isReservedTheSame(before: Pod, after: Pod): boolean {
  if (podCondition(before, RESIZE_PENDING)?.reason !== podCondition(after, RESIZE_PENDING)?.reason)
    return false;
  return resizableContainers(after).every(({ name }) => {
    const [old, now] = [statusOfContainer(before, name), statusOfContainer(after, name)];
    return (
      equalJson(old?.allocatedResources, now?.allocatedResources) &&
      equalJson(old?.resources?.requests, now?.resources?.requests)
    );
  });
}

function hostPortsOf(pod: Pod): readonly HostPort[] {
  return pod.spec.containers.flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ protocol = 'TCP', hostIP, hostPort }) => ({
        protocol,
        ip: hostIP || '0.0.0.0',
        port: hostPort!,
      })),
  );
}
