import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceQuota } from '../generated/core-v1.ts';
import type { KubeObject } from '../meta.ts';
import {
  PERSISTENT_VOLUME_CLAIMS,
  PODS,
  RESOURCE_CLAIMS,
  type ResourceRow,
  SECRETS,
  SERVICES,
} from '../resources.ts';
import { isInScope, quotaEvaluatorOf } from './evaluator.ts';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');

const usage = (row: ResourceRow, object: object) =>
  quotaEvaluatorOf(row)!.usage(object as KubeObject, NOW_MS);

const POD = {
  metadata: { name: 'a' },
  spec: {
    overhead: { cpu: '100m', memory: '16Mi' },
    initContainers: [
      { name: 'setup', resources: { requests: { cpu: '3', 'example.com/gpu': '2' } } },
      { name: 'side', restartPolicy: 'Always', resources: { requests: { cpu: '500m' } } },
    ],
    containers: [
      {
        name: 'main',
        resources: {
          requests: { cpu: '1', memory: '1Gi', 'hugepages-2Mi': '4Mi' },
          limits: { cpu: '2', 'hugepages-2Mi': '4Mi' },
        },
      },
    ],
  },
};

test('quotaEvaluatorOf pods counts what they request and are limited to, overhead included', () => {
  deepEqual(usage(PODS, POD), {
    'count/pods': '1',
    pods: '1',
    cpu: '3100m',
    'requests.cpu': '3100m',
    'limits.cpu': '2100m',
    memory: '1040Mi',
    'requests.memory': '1040Mi',
    'hugepages-2Mi': '4Mi',
    'requests.hugepages-2Mi': '4Mi',
    'requests.example.com/gpu': '2',
  });
});

test('quotaEvaluatorOf pods counts only the number of those that have ended, or should have gone long ago', () => {
  deepEqual(usage(PODS, { ...POD, status: { phase: 'Succeeded' } }), { 'count/pods': '1' });
  const leaving = (deletionTimestamp: string) => ({
    ...POD,
    metadata: { name: 'a', deletionTimestamp, deletionGracePeriodSeconds: 30 },
  });
  equal(usage(PODS, leaving('2025-12-31T23:59:30Z'))['pods'], '1');
  equal(usage(PODS, leaving('2025-12-31T23:59:29Z'))['pods'], undefined);
});

test('quotaEvaluatorOf resource claims counts the most devices of each class that they may get', () => {
  const exactly = (deviceClassName: string, allocationMode: string, count?: number) => ({
    deviceClassName,
    allocationMode,
    ...(count === undefined ? {} : { count }),
  });
  const requests = [
    { name: 'a', exactly: exactly('gpu', 'ExactCount', 2) },
    { name: 'b', exactly: exactly('gpu', 'ExactCount', 3) },
    { name: 'c', exactly: exactly('nic', 'All') },
    {
      name: 'd',
      firstAvailable: [
        exactly('gpu', 'ExactCount', 4),
        exactly('gpu', 'ExactCount', 1),
        exactly('fpga', 'ExactCount', 8),
        exactly('later', 'Sometimes', 8),
      ],
    },
    { name: 'e' },
  ];
  deepEqual(usage(RESOURCE_CLAIMS, { metadata: { name: 'a' }, spec: { devices: { requests } } }), {
    'count/resourceclaims.resource.k8s.io': '1',
    'gpu.deviceclass.resource.k8s.io/devices': '9',
    'nic.deviceclass.resource.k8s.io/devices': '32',
    'fpga.deviceclass.resource.k8s.io/devices': '8',
    'later.deviceclass.resource.k8s.io/devices': '0',
  });
  const evaluator = quotaEvaluatorOf(RESOURCE_CLAIMS)!;
  equal(evaluator.matchesResource('gpu.deviceclass.resource.k8s.io/devices'), true);
  equal(evaluator.matchesResource('gold.storageclass.storage.k8s.io/requests.storage'), false);
  equal(evaluator.handles?.('UPDATE', 'status'), false);
});

test('quotaEvaluatorOf pods counts devices that are asked for by their class alone', () => {
  const name = 'deviceclass.resource.kubernetes.io/gpu';
  const spec = { containers: [{ name: 'a', resources: { requests: { [name]: '2' } } }] };
  equal(usage(PODS, { metadata: { name: 'a' }, spec })[`requests.${name}`], '2');
  equal(quotaEvaluatorOf(PODS)!.matchesResource(`requests.${name}`), true);
});

test('quotaEvaluatorOf services counts the node ports that are meant to be', () => {
  const service = (spec: object) =>
    usage(SERVICES, { metadata: { name: 'a' }, spec: { ports: [{}, {}], ...spec } });
  deepEqual(service({ type: 'ClusterIP' }), {
    'count/services': '1',
    services: '1',
    'services.nodeports': '0',
    'services.loadbalancers': '0',
  });
  equal(service({ type: 'NodePort' })['services.nodeports'], '2');
  const balanced = service({ type: 'LoadBalancer' });
  deepEqual([balanced['services.nodeports'], balanced['services.loadbalancers']], ['2', '1']);
  const chosen = {
    type: 'LoadBalancer',
    allocateLoadBalancerNodePorts: false,
    ports: [{ nodePort: 30001 }, {}],
  };
  equal(service(chosen)['services.nodeports'], '1');
});

test('quotaEvaluatorOf claims counts storage in whole bytes, also by class', () => {
  const spec = { storageClassName: 'gold', resources: { requests: { storage: '1500m' } } };
  deepEqual(usage(PERSISTENT_VOLUME_CLAIMS, { metadata: { name: 'a' }, spec }), {
    'count/persistentvolumeclaims': '1',
    persistentvolumeclaims: '1',
    'requests.storage': '2',
    'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
    'gold.storageclass.storage.k8s.io/requests.storage': '2',
  });
  const grown = { metadata: { name: 'a' }, spec, status: { allocatedResources: { storage: '2Gi' } } };
  equal(usage(PERSISTENT_VOLUME_CLAIMS, grown)['requests.storage'], '2Gi');
});

test('quotaEvaluatorOf other kinds counts their number, under an old name too where there was one', () => {
  deepEqual(usage(SECRETS, {}), { 'count/secrets': '1', secrets: '1' });
  const widgets = { group: 'example.com', resource: 'widgets', namespaced: true, virtual: false };
  const evaluator = quotaEvaluatorOf(widgets)!;
  deepEqual(evaluator.usage({} as KubeObject, 0), { 'count/widgets.example.com': '1' });
  equal(evaluator.matchesResource('count/widgets'), false);
  for (const row of [
    { ...widgets, namespaced: false },
    { ...widgets, virtual: true },
    { ...widgets, resource: 'events' },
  ])
    equal(quotaEvaluatorOf(row), undefined);
});

interface ScopeCase {
  scope: string;
  operator?: string;
  values?: string[];
  spec: object;
  expected: boolean;
}

const term = (more: object) => ({ topologyKey: 'zone', labelSelector: {}, ...more });
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const SCOPES: readonly ScopeCase[] = [
  { scope: 'Terminating', spec: { activeDeadlineSeconds: 0 }, expected: true },
  { scope: 'Terminating', spec: {}, expected: false },
  { scope: 'NotTerminating', spec: {}, expected: true },
  { scope: 'BestEffort', spec: {}, expected: true },
  { scope: 'NotBestEffort', spec: POD.spec, expected: true },
  { scope: 'PriorityClass', spec: { priorityClassName: 'high' }, expected: true },
  { scope: 'PriorityClass', spec: {}, expected: false },
  { scope: 'PriorityClass', operator: 'DoesNotExist', spec: {}, expected: true },
  {
    scope: 'PriorityClass',
    operator: 'In',
    values: ['low'],
    spec: { priorityClassName: 'high' },
    expected: false,
  },
  {
    scope: 'PriorityClass',
    operator: 'NotIn',
    values: ['low'],
    spec: { priorityClassName: 'high' },
    expected: true,
  },
  {
    scope: 'CrossNamespacePodAffinity',
    spec: {
      affinity: {
        podAntiAffinity: { [PREFERRED]: [{ weight: 1, podAffinityTerm: term({ namespaceSelector: {} }) }] },
      },
    },
    expected: true,
  },
  {
    scope: 'CrossNamespacePodAffinity',
    spec: { affinity: { podAffinity: { [REQUIRED]: [term({})] } } },
    expected: false,
  },
  { scope: 'VolumeAttributesClass', spec: {}, expected: false },
];

for (const [index, { scope, operator = 'Exists', values, spec, expected }] of SCOPES.entries()) {
  test(`isInScope of Pods: ${scope} ${operator}, case ${index}`, () => {
    const matchExpressions = [{ scopeName: scope, operator, ...(values && { values }) }];
    const quota = { spec: { scopeSelector: { matchExpressions } } } as unknown as ResourceQuota;
    const pod = { metadata: { name: 'a' }, spec: { containers: [], ...spec } } as unknown as KubeObject;
    equal(isInScope(quotaEvaluatorOf(PODS)!, quota, pod), expected);
    if (operator !== 'Exists') return;
    const short = { spec: { scopes: [scope] } } as unknown as ResourceQuota;
    equal(isInScope(quotaEvaluatorOf(PODS)!, short, pod), expected, 'as a plain scope');
  });
}

test('isInScope: a quota with scopes is about no other kind; of claims it follows every class they have', () => {
  const quota = { spec: { scopes: ['NotTerminating'] } } as unknown as ResourceQuota;
  equal(isInScope(quotaEvaluatorOf(SERVICES)!, quota, {} as KubeObject), false);
  const byClass = {
    spec: {
      scopeSelector: {
        matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator: 'In', values: ['fast'] }],
      },
    },
  } as unknown as ResourceQuota;
  const claim = (names: object) => ({ metadata: {}, spec: {}, ...names }) as unknown as KubeObject;
  const evaluator = quotaEvaluatorOf(PERSISTENT_VOLUME_CLAIMS)!;
  equal(isInScope(evaluator, byClass, claim({})), false);
  equal(isInScope(evaluator, byClass, claim({ spec: { volumeAttributesClassName: 'fast' } })), true);
  equal(isInScope(evaluator, byClass, claim({ status: { currentVolumeAttributesClassName: 'fast' } })), true);
});
