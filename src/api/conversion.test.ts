import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convertVersion } from './conversion.ts';

const EVENT = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'n' },
  involvedObject: { kind: 'Pod', name: 'p' },
  message: 'hello',
  reason: 'Started',
  source: { component: 'kubelet' },
  count: 3,
  firstTimestamp: '2024-01-01T00:00:00Z',
  lastTimestamp: '2024-01-01T00:01:00Z',
  reportingComponent: 'kubelet',
};

test('convertVersion renames the fields of an Event and finds the way back', () => {
  const converted = convertVersion(EVENT, 'events.k8s.io/v1');
  assert.deepEqual(converted, {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'n' },
    regarding: { kind: 'Pod', name: 'p' },
    note: 'hello',
    reason: 'Started',
    deprecatedSource: { component: 'kubelet' },
    deprecatedCount: 3,
    deprecatedFirstTimestamp: '2024-01-01T00:00:00Z',
    deprecatedLastTimestamp: '2024-01-01T00:01:00Z',
    reportingController: 'kubelet',
  });
  assert.deepEqual(convertVersion(converted, 'v1'), EVENT);
});

const AUTOSCALER = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'h', annotations: { mine: 'kept' } },
  spec: {
    scaleTargetRef: { kind: 'Deployment', name: 'd' },
    maxReplicas: 5,
    metrics: [
      {
        type: 'Pods',
        pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '10' } },
      },
      {
        type: 'Resource',
        resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 70 } },
      },
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
      },
    ],
    behavior: { scaleDown: { stabilizationWindowSeconds: 10 } },
  },
  status: {
    currentReplicas: 2,
    desiredReplicas: 3,
    currentMetrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '4m' } },
      },
    ],
    conditions: [{ type: 'AbleToScale', status: 'True' }],
  },
};

test('convertVersion gives autoscaling/v1 its CPU target and keeps the rest in annotations', () => {
  const old = convertVersion(AUTOSCALER, 'autoscaling/v1') as unknown as {
    metadata: { annotations: Record<string, string> };
    spec: object;
    status: object;
  };
  assert.deepEqual(old.spec, {
    scaleTargetRef: { kind: 'Deployment', name: 'd' },
    maxReplicas: 5,
    targetCPUUtilizationPercentage: 50,
  });
  assert.deepEqual(old.status, {
    currentReplicas: 2,
    desiredReplicas: 3,
    currentCPUUtilizationPercentage: 40,
  });
  assert.deepEqual(JSON.parse(old.metadata.annotations['autoscaling.alpha.kubernetes.io/metrics'] ?? ''), [
    { type: 'Pods', pods: { metricName: 'rps', targetAverageValue: '10' } },
    { type: 'Resource', resource: { name: 'memory', targetAverageUtilization: 70 } },
  ]);
  assert.equal(old.metadata.annotations['mine'], 'kept');
});

test('convertVersion takes an autoscaler to the older version and back without loss', () => {
  assert.deepEqual(
    convertVersion(convertVersion(AUTOSCALER, 'autoscaling/v1'), 'autoscaling/v2'),
    AUTOSCALER,
  );
});

test('convertVersion leaves alone what has one version, and the input always', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod' };
  assert.equal(convertVersion(pod, 'v1'), pod);
  assert.equal(convertVersion(pod, 'v2'), pod);
  const frozen = Object.freeze({ ...AUTOSCALER, spec: Object.freeze({ ...AUTOSCALER.spec }) });
  convertVersion(frozen, 'autoscaling/v1');
  const broken = {
    ...AUTOSCALER,
    apiVersion: 'autoscaling/v1',
    metadata: { annotations: { 'autoscaling.alpha.kubernetes.io/metrics': '{' } },
  };
  assert.equal(convertVersion(broken, 'autoscaling/v2').apiVersion, 'autoscaling/v2');
});
