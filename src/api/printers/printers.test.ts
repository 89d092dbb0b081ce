import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../meta.ts';
import { allResources, ENDPOINT_SLICES, PODS, RESOURCE_QUOTAS } from '../resources.ts';
import { tableCells, tableColumns } from './printers.ts';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const META = {
  name: 'x',
  namespace: 'default',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
};

function podRow(status: object, over: { spec?: object; metadata?: object } = {}): unknown[] {
  const spec = { containers: [{ name: 'a' }, { name: 'b' }], ...over.spec };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...META, ...over.metadata }, spec, status };
  return tableCells(PODS, pod as unknown as KubeObject, NOW).slice(1, 5);
}
const ready = (name: string, more: object = {}) => ({
  name,
  ready: true,
  started: true,
  restartCount: 0,
  state: { running: {} },
  ...more,
});

test('tableCells shows the STATUS that kubectl shows for a Pod', () => {
  assert.deepEqual(podRow({ phase: 'Pending' }), ['0/2', 'Pending', '0', '60m']);
  assert.deepEqual(podRow({ phase: 'Running', containerStatuses: [ready('a'), ready('b')] }), [
    '2/2',
    'Running',
    '0',
    '60m',
  ]);
  const crashed = {
    name: 'b',
    ready: false,
    restartCount: 5,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:59:20Z' } },
  };
  assert.deepEqual(podRow({ phase: 'Running', containerStatuses: [ready('a'), crashed] }), [
    '1/2',
    'CrashLoopBackOff',
    '5 (40s ago)',
    '60m',
  ]);
  const oom = {
    name: 'a',
    ready: false,
    restartCount: 0,
    state: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
  };
  assert.equal(podRow({ phase: 'Running', containerStatuses: [oom, ready('b')] })[1], 'OOMKilled');
  const signalled = {
    name: 'a',
    ready: false,
    restartCount: 0,
    state: { terminated: { exitCode: 137, signal: 9 } },
  };
  assert.equal(podRow({ phase: 'Failed', containerStatuses: [signalled] })[1], 'Signal:9');
});

test('tableCells shows what an init container holds back', () => {
  const spec = { initContainers: [{ name: 'i' }, { name: 's', restartPolicy: 'Always' }] };
  const running = { name: 'i', ready: false, restartCount: 0, state: { running: {} } };
  assert.deepEqual(podRow({ phase: 'Pending', initContainerStatuses: [running] }, { spec }).slice(0, 2), [
    '0/3',
    'Init:0/2',
  ]);
  const looping = { ...running, state: { waiting: { reason: 'CrashLoopBackOff' } }, restartCount: 3 };
  assert.deepEqual(podRow({ phase: 'Pending', initContainerStatuses: [looping] }, { spec }).slice(0, 2), [
    '0/3',
    'Init:CrashLoopBackOff',
  ]);
  const done = { name: 'i', ready: true, restartCount: 0, state: { terminated: { exitCode: 0 } } };
  const all = { initContainerStatuses: [done, ready('s')], containerStatuses: [ready('a'), ready('b')] };
  assert.deepEqual(podRow({ phase: 'Running', ...all }, { spec }).slice(0, 2), ['3/3', 'Running']);
});

test('tableCells shows Terminating, and Unknown for a Pod on a lost node', () => {
  const metadata = { deletionTimestamp: '2026-01-01T00:59:00Z' };
  assert.equal(podRow({ phase: 'Running' }, { metadata })[1], 'Terminating');
  assert.equal(podRow({ phase: 'Running', reason: 'NodeLost' }, { metadata })[1], 'Unknown');
  assert.equal(podRow({ phase: 'Succeeded' }, { metadata })[1], 'Succeeded');
});

test('tableCells shows what an EndpointSlice lacks as <unset>, and of much the first three', () => {
  const slice = (fields: object) => {
    const object = { metadata: META, addressType: 'IPv4', ...fields };
    return tableCells(ENDPOINT_SLICES, object as unknown as KubeObject, NOW).slice(2, 4);
  };
  assert.deepEqual(slice({ endpoints: null, ports: null }), ['<unset>', '<unset>']);
  const endpoints = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map((address) => ({
    addresses: [address],
  }));
  const ports = [{ port: 80 }, { name: 'any' }, {}];
  assert.deepEqual(slice({ endpoints, ports }), ['80,any,*', '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...']);
});

test('tableColumns starts with the name for every kind but Event, and priorities are 0 or 1', () => {
  for (const row of allResources()) {
    const columns = tableColumns(row);
    if (row.kind !== 'Event') assert.equal(columns[0]!.format, 'name', row.resource);
    assert.ok(columns.every((column) => column.priority === 0 || column.priority === 1));
  }
});

test('tableCells shows what of a quota is used, limits apart', () => {
  const status = {
    hard: { pods: '5', 'limits.cpu': '2', cpu: '1' },
    used: { pods: '1', 'limits.cpu': '500m', cpu: '0' },
  };
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: META, spec: {}, status };
  assert.deepEqual(tableCells(RESOURCE_QUOTAS, quota as unknown as KubeObject, NOW), [
    'x',
    'cpu: 0/1, pods: 1/5',
    'limits.cpu: 500m/2',
    '60m',
  ]);
});
