import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceQuota } from '../generated/core-v1.ts';
import {
  validateResourceQuota,
  validateResourceQuotaStatus,
  validateResourceQuotaUpdate,
} from './resource-quota.ts';

type Spec = ResourceQuota['spec'];

interface Case {
  spec: Spec;
  expected: string[];
}

const NO_FIT = 'unsupported scope applied to resource';
const selecting = (scopeName: string, operator: string, values?: string[]): Spec => ({
  hard: { pods: '1' },
  scopeSelector: { matchExpressions: [{ scopeName, operator, ...(values && { values }) }] },
});

const CASES: readonly Case[] = [
  {
    spec: {
      hard: {
        pods: '4',
        cpu: '500m',
        'limits.memory': '1Gi',
        'requests.nvidia.com/gpu': '4',
        'count/deployments.apps': '3',
        'count/widgets.example.com': '3',
        'gold.storageclass.storage.k8s.io/requests.storage': '1.5Gi',
        'requests.hugepages-2Mi': '4Mi',
        'requests.ephemeral-storage': '1Gi',
      },
    },
    expected: [],
  },
  {
    spec: { hard: { pods: '0.5', services: '-1', 'count/deployments.apps': '100m', cpu: '-1' } },
    expected: [
      'spec.hard[count/deployments.apps]: Invalid value: "100m": must be an integer',
      'spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      'spec.hard[pods]: Invalid value: "0.5": must be an integer',
      'spec.hard[services]: Invalid value: "-1": must be greater than or equal to 0',
    ],
  },
  {
    spec: { hard: { gpus: '1', storage: '1Gi' } },
    expected: [
      'spec.hard[gpus]: Invalid value: "gpus": must be a standard resource type or fully qualified',
      'spec.hard[gpus]: Invalid value: "gpus": must be a standard resource for quota',
      'spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota',
    ],
  },
  {
    spec: { hard: { pods: '1', cpu: '1' }, scopes: ['BestEffort', 'NotBestEffort'] },
    expected: [
      `spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: ${NO_FIT}`,
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
    ],
  },
  {
    spec: {
      hard: { pods: '1', 'count/pods': '1', 'requests.storage': '1' },
      scopes: ['Elsewhere', 'Terminating'],
    },
    expected: [
      'spec.scopes: Invalid value: ["Elsewhere","Terminating"]: unsupported scope',
      `spec.scopes: Invalid value: ["Elsewhere","Terminating"]: ${NO_FIT}`,
    ],
  },
  { spec: { hard: { persistentvolumeclaims: '1' }, scopes: ['VolumeAttributesClass'] }, expected: [] },
  { spec: selecting('PriorityClass', 'In', ['high']), expected: [] },
  {
    spec: selecting('PriorityClass', 'In'),
    expected: [
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
  },
  {
    spec: selecting('PriorityClass', 'Exists', ['high']),
    expected: [
      "spec.scopeSelector.matchExpressions.values: Invalid value: [\"high\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
    ],
  },
  {
    spec: selecting('Terminating', 'Near'),
    expected: [
      'spec.scopeSelector.matchExpressions.operator: Invalid value: "Near": must be \'Exist\' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity',
      'spec.scopeSelector.matchExpressions.operator: Invalid value: "Near": not a valid selector operator',
    ],
  },
  {
    spec: selecting('VolumeAttributesClass', 'Exists'),
    expected: [
      `spec.scopeSelector.matchExpressions: Invalid value: {"MatchExpressions":[{"ScopeName":"VolumeAttributesClass","Operator":"Exists","Values":null}]}: ${NO_FIT}`,
    ],
  },
];

const quota = (spec: Spec, status?: ResourceQuota['status']): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q' } as ResourceQuota['metadata'],
  spec,
  ...(status && { status }),
});

const texts = (errors: readonly { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`);

for (const [index, { spec, expected }] of CASES.entries()) {
  test(`validateResourceQuota speaks as upstream, case ${index}`, () => {
    deepEqual(texts(validateResourceQuota(quota(spec))), expected);
  });
}

test('validateResourceQuotaUpdate keeps the scopes, in whatever order', () => {
  const hard = { pods: '1' };
  const old = quota({ hard, scopes: ['Terminating', 'BestEffort'] });
  deepEqual(validateResourceQuotaUpdate(quota({ hard, scopes: ['BestEffort', 'Terminating'] }), old), []);
  deepEqual(texts(validateResourceQuotaUpdate(quota({ hard, scopes: ['Terminating'] }), old)), [
    'spec.scopes: Invalid value: ["Terminating"]: field is immutable',
  ]);
});

test('validateResourceQuotaStatus holds what is used to the same rules', () => {
  deepEqual(texts(validateResourceQuotaStatus(quota({}, { hard: { pods: '1' }, used: { pods: '-1' } }))), [
    'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0',
  ]);
});
