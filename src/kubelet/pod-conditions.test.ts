import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatus, Pod } from '../api/generated/core-v1.ts';
import { kubeletConditions } from './pod-conditions.ts';

const POD: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: {
    initContainers: [{ name: 'init' }, { name: 'sidecar', restartPolicy: 'Always' }],
    containers: [{ name: 'web' }],
  },
};

function status(name: string, ready: boolean): ContainerStatus {
  return { name, ready, started: true, restartCount: 0, image: '', imageID: '', state: { running: {} } };
}

function condition(type: string, sidecarReady: boolean, mainReady: boolean) {
  const conditions = kubeletConditions(POD, {
    phase: 'Running',
    initStatuses: [status('init', true), status('sidecar', sidecarReady)],
    statuses: [status('web', mainReady)],
    hasSandbox: true,
  });
  const found = conditions.find((one) => one.type === type);
  return { status: found?.status, message: found?.message };
}

test('kubeletConditions are ready when all main containers and all sidecars are', () => {
  for (const type of ['ContainersReady', 'Ready']) {
    assert.deepEqual(condition(type, true, true), { status: 'True', message: undefined });
    const message = 'containers with unready status: [sidecar]';
    assert.deepEqual(condition(type, false, true), { status: 'False', message });
  }
});

test('kubeletConditions name what is not ready, sidecars first, and no init container', () => {
  const message = 'containers with unready status: [sidecar web]';
  assert.deepEqual(condition('ContainersReady', false, false), { status: 'False', message });
});
