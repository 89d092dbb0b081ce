import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems, statusProblems, updateProblems } from './judged.fixture.ts';

const TARGET = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
const autoscaler = (spec: object = {}) =>
  objectOf('autoscaling/v2', 'HorizontalPodAutoscaler', {
    spec: { scaleTargetRef: TARGET, maxReplicas: 3, ...spec },
  });
const ofSpec = (spec: object) => problems(autoscaler(spec));
const ofMetric = (metric: object) => ofSpec({ metrics: [metric] });
const M = 'spec.metrics[0]';

test('validateAutoscaler judges how many', () => {
  assert.deepEqual(ofSpec({}), []);
  assert.deepEqual(ofSpec({ minReplicas: 0, maxReplicas: 0 }), [
    'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
    'spec.maxReplicas: Invalid value: 0: must be greater than 0',
    'spec.metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
  ]);
  assert.deepEqual(ofSpec({ minReplicas: 4 }), [
    'spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`',
  ]);
});

test('validateAutoscalerUpdate lets go on what has scaled to nothing', () => {
  const target = { type: 'Value', value: '1' };
  const idle = autoscaler({
    minReplicas: 0,
    metrics: [{ type: 'External', external: { metric: { name: 'q' }, target } }],
  });
  assert.deepEqual(updateProblems(idle, idle), []);
  assert.deepEqual(updateProblems(idle, autoscaler()), [
    'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1',
  ]);
});

test('validateAutoscaler wants to know what it scales', () => {
  assert.deepEqual(ofSpec({ scaleTargetRef: { kind: 'a/b' } }), [
    'spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain \'/\'',
    'spec.scaleTargetRef.name: Required value',
  ]);
});

test('validateMetric wants the source of its type, and no other', () => {
  const resource = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } };
  assert.deepEqual(ofMetric({ type: 'Resource', resource }), []);
  assert.deepEqual(ofMetric({ type: 'Load', resource }), [
    `${M}.type: Unsupported value: "Load": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"`,
  ]);
  assert.deepEqual(ofMetric({ type: 'Pods' }), [
    `${M}.pods: Required value: must populate information for the given metric source`,
  ]);
  const pods = { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '1' } };
  assert.deepEqual(ofMetric({ type: 'Pods', pods, resource }), [
    `${M}.resource: Forbidden: must populate the given metric source only`,
  ]);
});

test('validateMetric wants a target that fits its source', () => {
  const raw = { type: 'Raw', averageUtilization: 0, averageValue: '0' };
  assert.deepEqual(ofMetric({ type: 'Resource', resource: { target: raw } }), [
    `${M}.resource.name: Required value: must specify a resource name`,
    `${M}.resource.target.type: Invalid value: "Raw": must be either Utilization, Value, or AverageValue`,
    `${M}.resource.target.averageValue: Invalid value: "0": must be positive`,
    `${M}.resource.target.averageUtilization: Invalid value: 0: must be greater than 0`,
    `${M}.resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization`,
  ]);
  const none = { target: { type: 'Value' } };
  assert.deepEqual(ofMetric({ type: 'ContainerResource', containerResource: { ...none, name: 'pods' } }), [
    `${M}.containerResource.name: Invalid value: "pods": must be a standard resource for containers`,
    `${M}.containerResource.container: Required value: must specify a container`,
    `${M}.containerResource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`,
  ]);
  assert.deepEqual(ofMetric({ type: 'Object', object: { ...none, describedObject: TARGET, metric: {} } }), [
    `${M}.object.metric.name: Required value: must specify a metric name`,
    `${M}.object.target.averageValue: Required value: must set either a target value or averageValue`,
  ]);
  assert.deepEqual(ofMetric({ type: 'Pods', pods: { ...none, metric: { name: 'q' } } }), [
    `${M}.pods.target.averageValue: Required value: must specify a positive target averageValue`,
  ]);
  const both = { target: { type: 'Value', value: '1', averageValue: '1' } };
  assert.deepEqual(ofMetric({ type: 'External', external: { ...both, metric: { name: 'q' } } }), [
    `${M}.external.target.value: Forbidden: may not set both a target value for metric and a per-pod target`,
  ]);
});

test('validateAutoscaler judges how it goes up and down', () => {
  assert.deepEqual(ofSpec({ behavior: { scaleDown: { stabilizationWindowSeconds: 300 } } }), []);
  const policies = [{ type: 'Half', value: 0, periodSeconds: 1801 }];
  const scaleUp = { stabilizationWindowSeconds: 3601, selectPolicy: 'Any', policies, tolerance: '-1' };
  const at = 'spec.behavior.scaleUp';
  assert.deepEqual(ofSpec({ behavior: { scaleUp, scaleDown: { policies: [] } } }), [
    `${at}.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600`,
    `${at}.selectPolicy: Unsupported value: "Any": supported values: "Disabled", "Max", "Min"`,
    `${at}.policies[0].type: Unsupported value: "Half": supported values: "Percent", "Pods"`,
    `${at}.policies[0].value: Invalid value: 0: must be greater than zero`,
    `${at}.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800`,
    `${at}.tolerance: Invalid value: "-1": must be greater than or equal to zero`,
    'spec.behavior.scaleDown.policies: Required value: must specify at least one Policy',
  ]);
});

test('validateAutoscalerStatus wants no count below nothing', () => {
  assert.deepEqual(statusProblems(autoscaler(), { desiredReplicas: -1 }), [
    'status.desiredReplicas: Invalid value: -1: must be greater than or equal to 0',
  ]);
});
