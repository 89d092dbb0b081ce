/**
 * The flow schemas and priority levels with which a cluster starts. Without the mandatory ones requests could not be told
 * apart at all; the suggested ones are an administrator's to change.
 *
 * @see k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap/default.go in kubernetes/kubernetes, v1.36
 */
import type {
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
  Subject,
} from '../generated/flowcontrol-v1.ts';

/** A name and a spec: the rest of the object follows from them. */
export interface Prescribed<T> {
  name: string;
  spec: T;
}

/** The level without limits, and the one that takes what nothing else does; the flow schemas that lead there. */
export const EXEMPT = 'exempt';
export const CATCH_ALL = 'catch-all';

const ANY = ['*'];
const ANY_RESOURCE: ResourcePolicyRule = {
  verbs: ANY,
  apiGroups: ANY,
  resources: ANY,
  clusterScope: true,
  namespaces: ANY,
};
const ANY_PATH: NonResourcePolicyRule = { verbs: ANY, nonResourceURLs: ANY };

function group(name: string): Subject {
  return { kind: 'Group', group: { name } };
}

function user(name: string): Subject {
  return { kind: 'User', user: { name } };
}

const EVERYBODY = [group('system:unauthenticated'), group('system:authenticated')];
const CONTROLLER_MANAGER = user('system:kube-controller-manager');
const SCHEDULER = user('system:kube-scheduler');
const SYSTEM_ACCOUNTS: Subject = {
  kind: 'ServiceAccount',
  serviceAccount: { name: '*', namespace: 'kube-system' },
};

function everythingOf(...subjects: Subject[]): PolicyRulesWithSubjects[] {
  return [{ nonResourceRules: [ANY_PATH], resourceRules: [ANY_RESOURCE], subjects }];
}

/** @param distinguisher  `ByUser`, `ByNamespace`, or `''`: all of it is one flow */
function flow(
  matchingPrecedence: number,
  level: string,
  distinguisher: string,
  rules: PolicyRulesWithSubjects[],
): FlowSchemaSpec {
  return {
    ...(distinguisher === '' ? {} : { distinguisherMethod: { type: distinguisher } }),
    matchingPrecedence,
    priorityLevelConfiguration: { name: level },
    rules,
  };
}

function queued(
  nominalConcurrencyShares: number,
  lendablePercent: number,
  { queues, handSize }: { queues: number; handSize: number },
): PriorityLevelConfigurationSpec {
  const queuing = { handSize, queueLengthLimit: 50, queues };
  const limitResponse = { queuing, type: 'Queue' };
  return { limited: { lendablePercent, limitResponse, nominalConcurrencyShares }, type: 'Limited' };
}

function leases(verbs: string[]): ResourcePolicyRule {
  return { apiGroups: ['coordination.k8s.io'], namespaces: ANY, resources: ['leases'], verbs };
}

export const MANDATORY_FLOW_SCHEMAS: readonly Prescribed<FlowSchemaSpec>[] = [
  { name: EXEMPT, spec: flow(1, EXEMPT, '', everythingOf(group('system:masters'))) },
  { name: CATCH_ALL, spec: flow(10_000, CATCH_ALL, 'ByUser', everythingOf(...EVERYBODY)) },
];

const PROBES: NonResourcePolicyRule = { nonResourceURLs: ['/healthz', '/readyz', '/livez'], verbs: ['get'] };
const LEADER_ELECTION: PolicyRulesWithSubjects = {
  resourceRules: [leases(['get', 'create', 'update'])],
  subjects: [CONTROLLER_MANAGER, SCHEDULER, SYSTEM_ACCOUNTS],
};
const NODE_HEARTBEATS: PolicyRulesWithSubjects = {
  resourceRules: [
    {
      apiGroups: [''],
      clusterScope: true,
      namespaces: ANY,
      resources: ['nodes', 'nodes/status'],
      verbs: ANY,
    },
    leases(ANY),
  ],
  subjects: [group('system:nodes')],
};

export const SUGGESTED_FLOW_SCHEMAS: readonly Prescribed<FlowSchemaSpec>[] = [
  {
    name: 'probes',
    spec: flow(2, EXEMPT, '', [{ nonResourceRules: [PROBES], subjects: EVERYBODY }]),
  },
  { name: 'system-leader-election', spec: flow(100, 'leader-election', 'ByUser', [LEADER_ELECTION]) },
  { name: 'system-node-high', spec: flow(400, 'node-high', 'ByUser', [NODE_HEARTBEATS]) },
  { name: 'system-nodes', spec: flow(500, 'system', 'ByUser', everythingOf(group('system:nodes'))) },
  {
    name: 'kube-controller-manager',
    spec: flow(800, 'workload-high', 'ByNamespace', everythingOf(CONTROLLER_MANAGER)),
  },
  { name: 'kube-scheduler', spec: flow(800, 'workload-high', 'ByNamespace', everythingOf(SCHEDULER)) },
  {
    name: 'kube-system-service-accounts',
    spec: flow(900, 'workload-high', 'ByNamespace', everythingOf(SYSTEM_ACCOUNTS)),
  },
  {
    name: 'service-accounts',
    spec: flow(9000, 'workload-low', 'ByUser', everythingOf(group('system:serviceaccounts'))),
  },
  { name: 'global-default', spec: flow(9900, 'global-default', 'ByUser', everythingOf(...EVERYBODY)) },
];

export const MANDATORY_PRIORITY_LEVELS: readonly Prescribed<PriorityLevelConfigurationSpec>[] = [
  { name: EXEMPT, spec: { exempt: { lendablePercent: 0, nominalConcurrencyShares: 0 }, type: 'Exempt' } },
  {
    name: CATCH_ALL,
    spec: {
      limited: { lendablePercent: 0, limitResponse: { type: 'Reject' }, nominalConcurrencyShares: 5 },
      type: 'Limited',
    },
  },
];

export const SUGGESTED_PRIORITY_LEVELS: readonly Prescribed<PriorityLevelConfigurationSpec>[] = [
  { name: 'system', spec: queued(30, 33, { queues: 64, handSize: 6 }) },
  { name: 'node-high', spec: queued(40, 25, { queues: 64, handSize: 6 }) },
  { name: 'leader-election', spec: queued(10, 0, { queues: 16, handSize: 4 }) },
  { name: 'workload-high', spec: queued(40, 50, { queues: 128, handSize: 6 }) },
  { name: 'workload-low', spec: queued(100, 90, { queues: 128, handSize: 6 }) },
  { name: 'global-default', spec: queued(20, 50, { queues: 128, handSize: 6 }) },
];
