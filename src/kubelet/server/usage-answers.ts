/**
 * What the node and its containers use, as a kubelet says it: `/stats/summary` for programs that know Kubernetes,
 * `/metrics/resource` for those that know Prometheus.
 *
 * @see k8s.io/kubelet/pkg/apis/stats/v1alpha1/types.go; kubernetes/kubernetes pkg/kubelet/metrics/collectors/resource_metrics.go
 */
import type { Pod } from '../../api/generated/core-v1.ts';
import { toTimestamp } from '../../base/clock.ts';
import { CONTAINER_NAME_LABEL, POD_UID_LABEL } from '../container-identity.ts';
import type { ContainerUsage, Usage } from './usage-meter.ts';

interface PodUsage {
  pod: Pod;
  containers: readonly ContainerUsage[];
}

function byPod(pods: readonly Pod[], { containers }: Usage): PodUsage[] {
  return pods.map((pod) => ({
    pod,
    containers: containers.filter(({ container }) => container.labels[POD_UID_LABEL] === pod.metadata.uid),
  }));
}

/** Beside upstream's fields `windowSeconds`: over which the rates are. */
export function toSummary(nodeName: string, pods: readonly Pod[], usage: Usage): object {
  const time = toTimestamp(usage.atMs);
  const { node } = usage;
  return {
    windowSeconds: usage.windowMs / 1000,
    node: {
      nodeName,
      cpu: { time, usageNanoCores: node.cpuNanoCores, usageCoreNanoSeconds: node.cpuUsageNanos },
      memory: {
        time,
        availableBytes: node.memoryAvailableBytes,
        workingSetBytes: node.memoryWorkingSetBytes,
      },
    },
    pods: byPod(pods, usage).map(({ pod, containers }) => ({
      podRef: { name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid },
      ...(pod.status?.startTime === undefined ? {} : { startTime: pod.status.startTime }),
      containers: containers.map((use) => ({
        name: nameOf(use),
        startTime: toTimestamp(use.container.startedAtMs),
        ...amounts(time, [use]),
      })),
      ...amounts(time, containers),
    })),
  };
}

function amounts(time: string, uses: readonly ContainerUsage[]): object {
  return {
    cpu: {
      time,
      usageNanoCores: sum(uses, ({ cpuNanoCores }) => cpuNanoCores),
      usageCoreNanoSeconds: sum(uses, ({ cpuUsageNanos }) => cpuUsageNanos),
    },
    memory: { time, workingSetBytes: sum(uses, ({ memoryWorkingSetBytes }) => memoryWorkingSetBytes) },
  };
}

function sum(uses: readonly ContainerUsage[], amount: (use: ContainerUsage) => number): number {
  return uses.reduce((total, use) => total + amount(use), 0);
}

function nameOf({ container }: ContainerUsage): string {
  return container.labels[CONTAINER_NAME_LABEL] ?? container.metadata.name;
}

/** Prometheus' text format, with the time of the look. */
export function toResourceMetrics(pods: readonly Pod[], usage: Usage): string {
  const stamp = String(usage.atMs);
  const all = byPod(pods, usage).filter(({ containers }) => containers.length > 0);
  const ofContainers = (amount: (use: ContainerUsage) => number) =>
    all.flatMap(({ pod, containers }) =>
      containers.map((use) => `{container=${quoted(nameOf(use))},${podLabels(pod)}} ${amount(use)} ${stamp}`),
    );
  const ofPods = (amount: (use: ContainerUsage) => number) =>
    all.map(({ pod, containers }) => `{${podLabels(pod)}} ${sum(containers, amount)} ${stamp}`);
  const cpuSeconds = ({ cpuUsageNanos }: { cpuUsageNanos: number }) => cpuUsageNanos / 1e9;
  const memory = ({ memoryWorkingSetBytes }: { memoryWorkingSetBytes: number }) => memoryWorkingSetBytes;
  const rows: [string, string, string, readonly string[]][] = [
    [
      'container_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the container in core-seconds',
      ofContainers(cpuSeconds),
    ],
    [
      'container_memory_working_set_bytes',
      'gauge',
      'Current working set of the container in bytes',
      ofContainers(memory),
    ],
    [
      'container_start_time_seconds',
      'gauge',
      'Start time of the container since unix epoch in seconds',
      ofContainers(({ container }) => container.startedAtMs / 1000),
    ],
    [
      'node_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the node in core-seconds',
      [` ${cpuSeconds(usage.node)} ${stamp}`],
    ],
    [
      'node_memory_working_set_bytes',
      'gauge',
      'Current working set of the node in bytes',
      [` ${memory(usage.node)} ${stamp}`],
    ],
    [
      'pod_cpu_usage_seconds_total',
      'counter',
      'Cumulative cpu time consumed by the pod in core-seconds',
      ofPods(cpuSeconds),
    ],
    ['pod_memory_working_set_bytes', 'gauge', 'Current working set of the pod in bytes', ofPods(memory)],
    [
      'resource_scrape_error',
      'gauge',
      '1 if there was an error while getting container metrics, 0 otherwise',
      [' 0'],
    ],
  ];
  return rows
    .flatMap(([name, type, help, samples]) => [
      `# HELP ${name} [STABLE] ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map((sample) => `${name}${sample}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function podLabels({ metadata }: Pod): string {
  return `namespace=${quoted(metadata.namespace ?? '')},pod=${quoted(metadata.name)}`;
}

/** Names of Kubernetes need no escapes. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
