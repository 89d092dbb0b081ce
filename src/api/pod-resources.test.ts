import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, ContainerStatus, Pod } from './generated/core-v1.ts';
import { podRequests, reservedRequests } from './pod-resources.ts';

const asking = (cpu: string, name = 'c'): Container => ({ name, resources: { requests: { cpu } } });

function podOf(spec: Pod['spec'], status: Pod['status'] = {}): Pod {
  const metadata = { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec, status };
}

test('podRequests counts sidecars beside the main containers, and the largest init container', () => {
  const initContainers = [
    asking('1', 'i1'),
    { ...asking('200m', 'side'), restartPolicy: 'Always' },
    asking('900m', 'i2'),
  ];
  assert.deepEqual(
    podRequests(podOf({ initContainers, containers: [asking('500m')] })),
    new Map([['cpu', 1100]]),
  );
});

test('podRequests takes the word of a Pod that asks for something as a whole', () => {
  const resources = { requests: { cpu: '2', 'example.com/gpu': '9' } };
  const spec = { resources, overhead: { cpu: '100m' }, containers: [asking('500m')] };
  assert.deepEqual(podRequests(podOf(spec)), new Map([['cpu', 2100]]));
});

test('reservedRequests counts the most of what a Pod asks for, has been given and has', () => {
  const cpuOf = (asked: string, given: string, has: string, reason?: string) => {
    const status = { name: 'c', allocatedResources: { cpu: given }, resources: { requests: { cpu: has } } };
    const conditions = reason === undefined ? [] : [{ type: 'PodResizePending', status: 'True', reason }];
    const containerStatuses = [status as unknown as ContainerStatus];
    return reservedRequests(podOf({ containers: [asking(asked)] }, { containerStatuses, conditions })).get(
      'cpu',
    );
  };
  assert.equal(cpuOf('1', '2', '3'), 3000);
  assert.equal(cpuOf('3', '2', '1'), 3000);
  assert.equal(cpuOf('3', '1', '1', 'Deferred'), 3000);
  assert.equal(cpuOf('100', '1', '1', 'Infeasible'), 1000);
  assert.equal(reservedRequests(podOf({ containers: [asking('1')] })).get('cpu'), 1000);
});
