/**
 * How `kubectl get pods` shows a Pod; above all its STATUS, which condenses the whole Pod into a word.
 * @see k8s.io/kubernetes/pkg/printers/internalversion/printers.go printPod
 */
import { formatAge } from '../../base/duration.ts';
import type { Container, ContainerStatus, Pod } from '../generated/core-v1.ts';
import { isSidecar, podCondition } from '../pod-conditions.ts';
import { AGE, type KindPrinter, NAME, text, wide } from './column.ts';
import { age, NONE } from './values.ts';

export const podPrinter: KindPrinter<Pod> = {
  columns: [
    NAME,
    text('Ready', 'Ready containers of all'),
    text('Status', 'What the Pod as a whole is doing'),
    text('Restarts', 'How often its containers were restarted'),
    AGE,
    wide(text('IP', 'Address of the Pod')),
    wide(text('Node', 'Where it runs')),
    wide(text('Nominated Node', 'Where it will run once others made room')),
    wide(text('Readiness Gates', 'Passed readiness gates of all')),
  ],
  cells(pod, nowMs) {
    const summary = summarise(pod);
    return [
      pod.metadata.name,
      `${summary.ready}/${summary.total}`,
      summary.reason,
      formatRestarts(summary, nowMs),
      age(pod, nowMs),
      pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? NONE,
      pod.spec.nodeName || NONE,
      pod.status?.nominatedNodeName || NONE,
      formatReadinessGates(pod),
    ];
  },
};

interface PodSummary {
  reason: string;
  ready: number;
  total: number;
  restarts: number;
  /** Wall ms of the last restart; 0 when there was none. */
  lastRestartMs: number;
}

function formatRestarts({ restarts, lastRestartMs }: PodSummary, nowMs: number): string {
  return restarts === 0 || lastRestartMs === 0
    ? String(restarts)
    : `${restarts} (${formatAge(nowMs - lastRestartMs)} ago)`;
}

function formatReadinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? [];
  if (gates.length === 0) return NONE;
  const passed = gates.filter((gate) => podCondition(pod, gate.conditionType)?.status === 'True');
  return `${passed.length}/${gates.length}`;
}

function summarise(pod: Pod): PodSummary {
  const sidecars = (pod.spec.initContainers ?? []).filter(isSidecar);
  const summary: PodSummary = {
    reason: pod.status?.reason || pod.status?.phase || 'Unknown',
    ready: 0,
    total: pod.spec.containers.length + sidecars.length,
    restarts: 0,
    lastRestartMs: 0,
  };
  const scheduled = podCondition(pod, 'PodScheduled');
  if (scheduled?.reason === 'SchedulingGated') summary.reason = 'SchedulingGated';
  const initializing = addInitContainers(summary, pod);
  if (!initializing || podCondition(pod, 'Initialized')?.status === 'True') addContainers(summary, pod);
  return { ...summary, reason: overrideForDeletion(pod, summary.reason) };
}

function overrideForDeletion(pod: Pod, reason: string): string {
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (pod.status?.reason === 'NodeLost') return 'Unknown';
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed' ? reason : 'Terminating';
}

/** Adds init containers; true while one of them is still what the Pod waits for. */
function addInitContainers(summary: PodSummary, pod: Pod): boolean {
  const specs = new Map((pod.spec.initContainers ?? []).map((container) => [container.name, container]));
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, status] of statuses.entries()) {
    const spec = specs.get(status.name);
    addRestarts(summary, status);
    if (spec !== undefined && isSidecar(spec) && status.ready) summary.ready++;
    const reason = initReason(status, spec, index, specs.size);
    if (reason === undefined) continue;
    summary.reason = reason;
    for (const later of statuses.slice(index + 1)) addRestarts(summary, later);
    return true;
  }
  return false;
}

/** What an init container that holds the Pod back is waiting for; `undefined` when it does not. */
function initReason(
  status: ContainerStatus,
  spec: Container | undefined,
  index: number,
  total: number,
): string | undefined {
  const { terminated, waiting } = status.state ?? {};
  if (terminated?.exitCode === 0) return undefined;
  if (spec !== undefined && isSidecar(spec) && status.started) return undefined;
  if (terminated) {
    if (terminated.reason) return `Init:${terminated.reason}`;
    return terminated.signal ? `Init:Signal:${terminated.signal}` : `Init:ExitCode:${terminated.exitCode}`;
  }
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
  return `Init:${index}/${total}`;
}

function addContainers(summary: PodSummary, pod: Pod): void {
  let hasRunning = false;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    addRestarts(summary, status);
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) summary.reason = waiting.reason;
    else if (terminated) summary.reason = terminatedReason(terminated);
    else if (running && status.ready) {
      hasRunning = true;
      summary.ready++;
    }
  }
  if (summary.reason === 'Completed' && hasRunning) {
    summary.reason = podCondition(pod, 'Ready')?.status === 'True' ? 'Running' : 'NotReady';
  }
}

function terminatedReason(terminated: { reason?: string; signal?: number; exitCode: number }): string {
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function addRestarts(summary: PodSummary, status: ContainerStatus): void {
  summary.restarts += status.restartCount;
  const finishedAt = status.lastState?.terminated?.finishedAt;
  if (finishedAt !== undefined)
    summary.lastRestartMs = Math.max(summary.lastRestartMs, Date.parse(finishedAt));
}
