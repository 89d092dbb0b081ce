import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod } from '../api/generated/core-v1.ts';
import { rejectPod } from './admission.ts';

const META = { uid: 'u', resourceVersion: '1', creationTimestamp: '' };
const INPUTS = {
  node: { metadata: { ...META, name: 'node-1', labels: { disk: 'ssd', size: '5' } } },
  allocatable: { cpu: '2', memory: '1Gi', pods: '2' },
  others: [] as Pod[],
};

function podOf(spec: Partial<Pod['spec']>): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...META, name: 'p' },
    spec: { containers: [{ name: 'c' }], ...spec },
  };
}
const asking = (cpu: string): Container => ({ name: 'c', resources: { requests: { cpu } } });

test('rejectPod says which resource the node is out of', () => {
  const others = [podOf({ containers: [asking('1500m')] })];
  assert.deepEqual(rejectPod(podOf({ containers: [asking('1')] }), { ...INPUTS, others }), {
    reason: 'OutOfcpu',
    message:
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 1000, used: 1500, capacity: 2000",
  });
  assert.equal(rejectPod(podOf({ containers: [asking('500m')] }), { ...INPUTS, others }), undefined);
});

test('rejectPod holds as many Pods as the node says, as the scheduler counts them', () => {
  const full = { ...INPUTS, others: [podOf({}), podOf({})] };
  assert.equal(rejectPod(podOf({}), full)?.reason, 'OutOfpods');
  const allocatable = { ...INPUTS.allocatable, pods: '300' };
  const others = Array.from({ length: 299 }, () => podOf({}));
  assert.equal(rejectPod(podOf({}), { ...INPUTS, allocatable, others }), undefined);
});

test('rejectPod refuses a Pod that selects other nodes', () => {
  assert.equal(rejectPod(podOf({ nodeSelector: { disk: 'ssd' } }), INPUTS), undefined);
  assert.deepEqual(rejectPod(podOf({ nodeSelector: { disk: 'hdd' } }), INPUTS), {
    reason: 'NodeAffinity',
    message:
      "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  });
  const require = (operator: string, values: string[]) =>
    podOf({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'size', operator, values }] }],
          },
        },
      },
    });
  assert.equal(rejectPod(require('Gt', ['4']), INPUTS), undefined);
  assert.equal(rejectPod(require('NotIn', ['5']), INPUTS)?.reason, 'NodeAffinity');
});

test('rejectPod refuses a host port that is taken', () => {
  const withPort = (hostIP?: string) =>
    podOf({
      containers: [
        {
          name: 'c',
          ports: [{ containerPort: 80, hostPort: 80, ...(hostIP === undefined ? {} : { hostIP }) }],
        },
      ],
    });
  assert.equal(rejectPod(withPort(), { ...INPUTS, others: [withPort('127.0.0.1')] })?.reason, 'NodePorts');
  assert.equal(rejectPod(withPort('127.0.0.2'), { ...INPUTS, others: [withPort('127.0.0.1')] }), undefined);
});
