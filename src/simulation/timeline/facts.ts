/**
 * What is worth telling of an object, as labelled facts: a change is told as the facts in which two states differ. Kinds
 * whose story matters have a row; of all others it is the spec and the conditions.
 *
 * Facts leave out what only proves that somebody lives: heartbeats, observed generations, times of transition.
 */

import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { Lease } from '../../api/generated/coordination-v1.ts';
import type {
  Container,
  ContainerState,
  ContainerStatus,
  Node,
  Pod,
  PodTemplateSpec,
  Service,
} from '../../api/generated/core-v1.ts';
import type { EndpointSlice } from '../../api/generated/discovery-v1.ts';
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts';
import type { ResourceRow } from '../../api/resources.ts';
import type { StoredValue } from '../../store/store.ts';

/** By label, in the order in which they are told. Empty texts are as if absent. */
export type Facts = ReadonlyMap<string, string>;

type Fact = readonly [label: string, value: string | number | boolean | undefined];
type FactsOf = (object: never) => readonly Fact[];

/** By plural and group, as `kubectl` qualifies a resource. */
const FACTS_OF_KIND: Readonly<Record<string, FactsOf>> = {
  'pods.': podFacts as FactsOf,
  'nodes.': nodeFacts as FactsOf,
  'services.': serviceFacts as FactsOf,
  'deployments.apps': deploymentFacts as FactsOf,
  'replicasets.apps': replicaSetFacts as FactsOf,
  'endpointslices.discovery.k8s.io': endpointSliceFacts as FactsOf,
  'poddisruptionbudgets.policy': budgetFacts as FactsOf,
  'leases.coordination.k8s.io': leaseFacts as FactsOf,
};

export function factsOf(row: ResourceRow, object: StoredValue): Facts {
  const own = FACTS_OF_KIND[`${row.resource}.${row.group}`] ?? (otherFacts as FactsOf);
  const facts = new Map<string, string>();
  for (const [label, value] of [...own(object as never), ...metaFacts(object as unknown as WithMeta)]) {
    if (value !== undefined && value !== '' && value !== false) facts.set(label, String(value));
  }
  return facts;
}

interface WithMeta {
  metadata: Pod['metadata'];
}

function metaFacts({ metadata }: WithMeta): Fact[] {
  const isDeleted = metadata.deletionTimestamp !== undefined;
  const graceSeconds = metadata.deletionGracePeriodSeconds;
  return [
    ['deleted', isDeleted && (graceSeconds === undefined ? 'waits' : `grace ${graceSeconds} s`)],
    ['finalizers', metadata.finalizers?.join(',')],
    ['owner', metadata.ownerReferences?.map(({ kind, name }) => `${kind}/${name}`).join(',')],
  ];
}

function podFacts({ spec, status }: Pod): Fact[] {
  const sections = [status?.initContainerStatuses, status?.containerStatuses];
  const statuses = sections.flatMap((section) => section ?? []);
  return [
    ['images', imagesOf(spec.containers)],
    ['node', spec.nodeName],
    ['phase', reasoned(status?.phase, status?.reason)],
    ...statuses.map((container): Fact => [container.name, describeContainer(container)]),
    ...conditionFacts(status?.conditions?.filter(({ type }) => TOLD_OF_PODS.has(type))),
  ];
}

const TOLD_OF_PODS = new Set(['Ready', 'DisruptionTarget', 'PodScheduled']);

function describeContainer({ state, restartCount, ready }: ContainerStatus): string {
  const restarts = restartCount > 0 ? ` (restart ${restartCount})` : '';
  return `${describeState(state ?? {})}${ready ? ' ready' : ''}${restarts}`;
}

function describeState({ waiting, terminated, running }: ContainerState): string {
  if (terminated !== undefined) return `exited ${terminated.exitCode} ${terminated.reason ?? ''}`.trimEnd();
  return running === undefined ? `waits ${waiting?.reason ?? ''}`.trimEnd() : 'running';
}

function nodeFacts({ spec, status }: Node): Fact[] {
  return [
    ...conditionFacts(status?.conditions?.filter(isToldOfNode)),
    ['cordoned', spec?.unschedulable],
    [
      'taints',
      spec?.taints?.map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`).join(','),
    ],
  ];
}

/** What presses a node is told while it does. */
function isToldOfNode({ type, status }: ConditionLike): boolean {
  return type === 'Ready' || status === 'True';
}

function deploymentFacts({ spec, status = {} }: Deployment): Fact[] {
  return [
    ['replicas', spec?.replicas],
    ['template', templateOf(spec?.template)],
    ['paused', spec?.paused],
    ['strategy', spec?.strategy?.type === 'RollingUpdate' ? '' : spec?.strategy?.type],
    ['pods', status.replicas ?? 0],
    ['updated', status.updatedReplicas ?? 0],
    ['available', status.availableReplicas ?? 0],
    ...conditionFacts(status.conditions),
  ];
}

function replicaSetFacts({ spec, status }: ReplicaSet): Fact[] {
  return [
    ['replicas', spec?.replicas],
    ['template', templateOf(spec?.template)],
    ['pods', status?.replicas ?? 0],
    ['available', status?.availableReplicas ?? 0],
    ...conditionFacts(status?.conditions),
  ];
}

function serviceFacts({ spec }: Service): Fact[] {
  return [
    ['type', spec?.type],
    ['address', spec?.clusterIP],
    ['ports', spec?.ports?.map(({ port, nodePort }) => (nodePort ? `${port}:${nodePort}` : port)).join(',')],
    ['selector', flat(spec?.selector)],
  ];
}

function endpointSliceFacts({ endpoints }: EndpointSlice): Fact[] {
  return (endpoints ?? []).map(({ addresses, conditions, targetRef }): Fact => {
    const told = [conditions?.ready && 'ready', conditions?.terminating && 'terminating'];
    if (conditions?.terminating && conditions.serving) told.push('serving');
    return [targetRef?.name ?? addresses.join(','), told.filter(Boolean).join(' ') || 'not ready'];
  });
}

function budgetFacts({ spec, status }: PodDisruptionBudget): Fact[] {
  return [
    ['minAvailable', spec?.minAvailable],
    ['maxUnavailable', spec?.maxUnavailable],
    ['allowed', status === undefined ? undefined : String(status.disruptionsAllowed)],
    ['healthy', status && `${status.currentHealthy}/${status.desiredHealthy}`],
  ];
}

/** Renewals are heartbeats; only the holder is told. */
function leaseFacts({ spec }: Lease): Fact[] {
  return [['holder', spec?.holderIdentity]];
}

function otherFacts(object: Record<string, unknown>): Fact[] {
  const { spec, status, data } = object as {
    spec?: object;
    status?: { conditions?: never[]; phase?: string };
    data?: object;
  };
  return [
    ...Object.entries(spec ?? {}).map(([name, value]): Fact => [name, flat(value)]),
    ['data', data && Object.keys(data).join(',')],
    ['phase', status?.phase],
    ...conditionFacts(status?.conditions),
  ];
}

interface ConditionLike {
  type: string;
  status: string;
  reason?: string;
}

/** A condition that holds, or does not, with the reason that its writer gave. */
function conditionFacts(conditions: readonly ConditionLike[] | undefined): Fact[] {
  return (conditions ?? []).map(({ type, status, reason }) => [type, reasoned(status, reason)]);
}

function reasoned(value: string | undefined, reason: string | undefined): string | undefined {
  return reason === undefined || reason === '' ? value : `${value} (${reason})`;
}

function templateOf(template: PodTemplateSpec | undefined): string | undefined {
  return template && imagesOf(template.spec?.containers ?? []);
}

function imagesOf(containers: readonly Container[]): string {
  return containers.map(({ image }) => image).join(',');
}

function flat(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
