import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../api/generated/core-v1.ts';
import type { ContainerStatus } from '../container-runtime/runtime.ts';
import type { PodObservation } from './pod-observation.ts';
import { type PodStatusInputs, podStatus } from './pod-status.ts';

const POD = {
  metadata: { name: 'task', uid: 'u' },
  spec: { containers: [{ name: 'main', image: 'task:1' }], restartPolicy: 'Never' },
  status: { phase: 'Pending' },
} as Pod;

const EXITED = {
  id: 'c1',
  state: 'exited',
  metadata: { name: 'main', attempt: 0 },
  exitCode: 1,
  reason: 'Error',
  message: '',
  startedAtMs: 1000,
  finishedAtMs: 2000,
} as ContainerStatus;

/** The inputs for a Pod whose only container has failed, and which the API still calls Pending. */
function inputs(more: Partial<PodStatusInputs>): PodStatusInputs {
  const observed = { nowMs: 3000, sandboxes: [], containers: [EXITED], postStartPending: new Set() };
  return {
    pod: POD,
    observed: observed as unknown as PodObservation,
    waiting: new Map(),
    messages: new Map(),
    runtimeName: 'process',
    hostIps: [],
    failure: undefined,
    isStopped: false,
    mayStillRun: false,
    resizing: undefined,
    resizeConditions: [],
    known: undefined,
    ...more,
  };
}

test('podStatus holds back the end of a Pod whose containers may still run', () => {
  const failure = { reason: 'Evicted', message: 'memory' };
  assert.equal(podStatus(inputs({ failure, mayStillRun: true })).phase, 'Pending');
  assert.equal(podStatus(inputs({ failure })).phase, 'Failed');
});

test('podStatus keeps the end it has decided before, also while the API does not show it yet', () => {
  const known = podStatus(inputs({}));
  assert.equal(known.phase, 'Failed');
  assert.equal(podStatus(inputs({ known, mayStillRun: true })).phase, 'Failed');
});
