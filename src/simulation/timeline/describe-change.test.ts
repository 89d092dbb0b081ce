import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredValue } from '../../store/store.ts';
import { findRowByWord } from '../object-ref.ts';
import { describeChange } from './describe-change.ts';

function describe(kind: string, previous: object | undefined, object: object): string | undefined {
  const state = (value: object) => ({ metadata: { name: 'x' }, ...value }) as unknown as StoredValue;
  return describeChange({
    row: findRowByWord(kind)!,
    type: 'put',
    previous: previous && state(previous),
    object: state(object),
  });
}

const crashed = {
  spec: { containers: [{ name: 'web', image: 'web:1' }] },
  status: {
    phase: 'Running',
    containerStatuses: [
      { name: 'web', restartCount: 0, ready: false, state: { terminated: { exitCode: 3, reason: 'Error' } } },
    ],
    conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }],
  },
};
const running = {
  ...crashed,
  status: {
    phase: 'Running',
    containerStatuses: [{ name: 'web', restartCount: 1, ready: true, state: { running: {} } }],
    conditions: [{ type: 'Ready', status: 'True' }],
  },
};

test('describeChange tells a Pod by its containers, its readiness and the reason', () => {
  assert.equal(
    describe('pod', crashed, running),
    'web exited 3 Error -> running ready (restart 1), Ready False (ContainersNotReady) -> True',
  );
});

test('describeChange tells nothing of heartbeats and observed generations', () => {
  const node = (heartbeat: string) => ({
    spec: {},
    status: {
      conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: heartbeat }],
    },
  });
  assert.equal(describe('node', node('2026-01-01T00:00:00Z'), node('2026-01-01T00:05:00Z')), undefined);
  const replicaSet = (observedGeneration: number) => ({
    spec: { replicas: 2 },
    status: { replicas: 2, observedGeneration },
  });
  assert.equal(describe('replicaset', replicaSet(1), replicaSet(2)), undefined);
});

test('describeChange tells why a Node is not ready, that it is cordoned, and its taints', () => {
  const before = {
    spec: {},
    status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] },
  };
  const after = {
    spec: { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] },
    status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] },
  };
  assert.equal(
    describe('node', before, after),
    'Ready True (KubeletReady) -> Unknown (NodeStatusUnknown), cordoned true, taints node.kubernetes.io/unreachable:NoExecute',
  );
});

test('describeChange tells the conditions of endpoints by their Pods', () => {
  const slice = (conditions: object) => ({
    endpoints: [{ addresses: ['10.0.0.1'], conditions, targetRef: { kind: 'Pod', name: 'web-1' } }],
  });
  assert.equal(describe('endpointslice', undefined, slice({ ready: true, serving: true })), 'web-1 ready');
  assert.equal(
    describe(
      'endpointslice',
      slice({ ready: true }),
      slice({ ready: false, serving: true, terminating: true }),
    ),
    'web-1 ready -> terminating serving',
  );
  assert.equal(describe('endpointslice', slice({ ready: true }), { endpoints: [] }), 'web-1 ready -> none');
});

test('describeChange tells a change without a fact by its path', () => {
  const deployment = (value: string) => ({
    spec: {
      replicas: 1,
      template: { spec: { containers: [{ image: 'web', env: [{ name: 'A', value }] }] } },
    },
  });
  assert.equal(
    describe('deployment', deployment('1'), deployment('2')),
    'spec.template.spec.containers.0.env.0.value',
  );
});

test('describeChange tells that an object waits for its deletion, and for what', () => {
  const metadata = { name: 'x', finalizers: ['kintsugi.dev/test'] };
  const deleted = { metadata: { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  assert.equal(describe('configmap', { metadata }, deleted), 'deleted waits');
});

test('describeChange tells a new object by its spec, without what is still to be counted', () => {
  const created = { spec: { replicas: 0, template: {} }, status: { replicas: 0 } };
  assert.equal(describe('replicaset', undefined, created), 'replicas 0');
  assert.equal(
    describe('poddisruptionbudget', undefined, { spec: { minAvailable: '50%' } }),
    'minAvailable 50%',
  );
});
