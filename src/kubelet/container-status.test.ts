import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatus, Pod } from '../api/generated/core-v1.ts';
import { containerStatus } from './container-status.ts';
import type { PodObservation } from './pod-observation.ts';

const OBSERVED = { containers: [], postStartPending: new Set() } as unknown as PodObservation;

/** The status of the only container, of which the runtime knows nothing, after the API knew `known`. */
function statusAfter(known: Partial<ContainerStatus> | undefined, isStopped: boolean): ContainerStatus {
  const containers = [{ name: 'web', image: 'web:1' }];
  const containerStatuses = known && [{ name: 'web', image: 'web:1', imageID: '', ...known }];
  const pod = { metadata: { name: 'web-1' }, spec: { containers }, status: { containerStatuses } } as Pod;
  const entry = { kind: 'main', spec: containers[0]! } as const;
  const inputs = {
    waiting: new Map(),
    messages: new Map(),
    runtimeName: 'process',
    isStopped,
    resizing: undefined,
  };
  return containerStatus(entry, { pod, observed: OBSERVED, ...inputs });
}

const RUNNING = { state: { running: {} }, restartCount: 3, containerID: 'process://abc' };

test('containerStatus counts a container that was lost as a restart', () => {
  const { state, lastState, restartCount } = statusAfter(RUNNING, false);
  assert.deepEqual(state, { waiting: { reason: 'ContainerCreating' } });
  assert.equal(lastState?.terminated?.reason, 'ContainerStatusUnknown');
  assert.equal(lastState?.terminated?.containerID, 'process://abc');
  assert.equal(restartCount, 4);
});

test('containerStatus of a lost container is terminated once its Pod has ended', () => {
  const lost = statusAfter(RUNNING, false);
  const { state, restartCount } = statusAfter(lost, true);
  assert.equal(state?.terminated?.reason, 'ContainerStatusUnknown');
  assert.equal(state?.terminated?.exitCode, 137);
  assert.equal(restartCount, 4);
});

test('containerStatus of a container that never ran keeps waiting, whatever becomes of its Pod', () => {
  assert.ok(statusAfter(undefined, true).state?.waiting);
});
