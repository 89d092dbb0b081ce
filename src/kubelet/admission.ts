/**
 * Whether this node can run a Pod that was bound to it. Pure. The scheduler has decided with what it knew then; the node
 * decides with what is so now, and a Pod it cannot run is Failed with the reason.
 *
 * @see k8s.io/kubernetes/pkg/kubelet/lifecycle/predicate.go
 */

import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '../api/generated/core-v1.ts';
import { podRequests, toAmount, totalRequests } from '../api/pod-resources.ts';
import { wholeValue } from '../base/quantity.ts';
import { PODS_MAX } from './defaults.ts';
import type { PodFailure } from './pod-status.ts';

export interface AdmissionInputs {
  node: Pick<Node, 'metadata'>;
  allocatable: Readonly<Record<string, string>>;
  /** Pods that run on the node or were admitted, without `pod`. */
  others: readonly Pod[];
}

/** `undefined` when the Pod is admitted. */
export function rejectPod(pod: Pod, inputs: AdmissionInputs): PodFailure | undefined {
  return rejectForResources(pod, inputs) ?? rejectForAffinity(pod, inputs) ?? rejectForPorts(pod, inputs);
}

function rejectForResources(pod: Pod, { allocatable, others }: AdmissionInputs): PodFailure | undefined {
  const podsMax = allocatable['pods'] === undefined ? PODS_MAX : wholeValue(allocatable['pods']);
  if (others.length + 1 > podsMax) {
    return insufficient('pods', { requested: 1, used: others.length, capacity: podsMax });
  }
  const total = totalRequests(others);
  for (const [resource, requested] of podRequests(pod)) {
    const used = total.get(resource) ?? 0;
    const capacity = toAmount(resource, allocatable[resource] ?? '0');
    if (requested > 0 && requested + used > capacity)
      return insufficient(resource, { requested, used, capacity });
  }
  return undefined;
}

function insufficient(
  resource: string,
  amounts: { requested: number; used: number; capacity: number },
): PodFailure {
  return { reason: `OutOf${resource}`, message: `Pod was rejected: ${notEnough(resource, amounts)}` };
}

/** `Node didn't have enough resource: cpu, requested: 1000, used: 1500, capacity: 2000` */
export function notEnough(
  resource: string,
  { capacity, requested, used }: { requested: number; used: number; capacity: number },
): string {
  return `Node didn't have enough resource: ${resource}, requested: ${requested}, used: ${used}, capacity: ${capacity}`;
}

function predicateFailed(predicate: string, text: string): PodFailure {
  return { reason: predicate, message: `Pod was rejected: Predicate ${predicate} failed: ${text}` };
}

function rejectForAffinity(pod: Pod, { node }: AdmissionInputs): PodFailure | undefined {
  const { labels = {} } = node.metadata;
  const hasLabels = Object.entries(pod.spec.nodeSelector ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (hasLabels && (terms === undefined || terms.some((term) => matchesTerm(term, node)))) return undefined;
  return predicateFailed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
}

function matchesTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: Pick<Node, 'metadata'>,
) {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const fields = { 'metadata.name': node.metadata.name };
  return (
    matchExpressions.every((requirement) => matches(requirement, node.metadata.labels ?? {})) &&
    matchFields.every((requirement) => matches(requirement, fields))
  );
}

function matches(requirement: NodeSelectorRequirement, labels: Readonly<Record<string, string>>): boolean {
  const { key, operator, values = [] } = requirement;
  const value = labels[key];
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  if (value === undefined) return false;
  if (operator === 'In') return values.includes(value);
  return operator === 'Gt' ? Number(value) > Number(values[0]) : Number(value) < Number(values[0]);
}

function rejectForPorts(pod: Pod, { others }: AdmissionInputs): PodFailure | undefined {
  const wanted = hostPorts(pod);
  const isTaken = others.some((other) =>
    hostPorts(other).some((port) => wanted.some((own) => collide(own, port))),
  );
  const text = "node(s) didn't have free ports for the requested pod ports";
  return isTaken ? predicateFailed('NodePorts', text) : undefined;
}

interface HostPort {
  ip: string;
  port: number;
  protocol: string;
}

function hostPorts(pod: Pod): HostPort[] {
  return pod.spec.containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostIP, hostPort = 0, protocol = 'TCP' }) =>
      hostPort === 0 ? [] : [{ ip: hostIP || '0.0.0.0', port: hostPort, protocol }],
    ),
  );
}

function collide(a: HostPort, b: HostPort): boolean {
  const sameAddress = a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0';
  return sameAddress && a.port === b.port && a.protocol === b.protocol;
}
