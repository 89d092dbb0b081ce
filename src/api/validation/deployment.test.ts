import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems, SELECTOR, statusProblems, TEMPLATE, updateProblems } from './judged.fixture.ts';

const deployment = (spec: object = {}) =>
  objectOf('apps/v1', 'Deployment', { spec: { selector: SELECTOR, template: TEMPLATE, ...spec } });
const rolling = (rollingUpdate: object) => deployment({ strategy: { type: 'RollingUpdate', rollingUpdate } });
const UNSELECTED =
  'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`';
const FIELD = 'spec.strategy.rollingUpdate';
const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

test('validateDeployment accepts ordinary ones', () => {
  assert.deepEqual(problems(deployment()), []);
  assert.deepEqual(problems(deployment({ strategy: { type: 'Recreate' } })), []);
  assert.deepEqual(problems(rolling({ maxSurge: '150%', maxUnavailable: 0 })), []);
});

test('validateDeployment wants a selector that selects the Pods of its template', () => {
  assert.deepEqual(problems(deployment({ selector: undefined })), [
    'spec.selector: Required value',
    UNSELECTED,
  ]);
  assert.deepEqual(problems(deployment({ selector: {} })), [
    'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
  ]);
  assert.deepEqual(problems(deployment({ selector: { matchLabels: { app: 'db' } } })), [UNSELECTED]);
  const malformed = { matchExpressions: [{ key: 'app', operator: 'In', values: ['a b'] }] };
  assert.deepEqual(problems(deployment({ selector: malformed })), [
    "spec.selector.matchExpressions[0].values[0]: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    `spec.selector: Invalid value: ${JSON.stringify(malformed)}: invalid label selector`,
  ]);
  const unknown = { matchExpressions: [{ key: 'app', operator: 'Like', values: ['a'] }] };
  assert.deepEqual(
    problems(deployment({ selector: unknown }))[0],
    'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
  );
});

test('validateDeployment shows the labels of the template in order', () => {
  const template = { ...TEMPLATE, metadata: { labels: { b: '1', a: '2' } } };
  assert.deepEqual(problems(deployment({ template })), [
    'spec.template.metadata.labels: Invalid value: {"a":"2","b":"1"}: `selector` does not match template `labels`',
  ]);
});

test('validateDeployment wants Pods that go on', () => {
  const template = {
    ...TEMPLATE,
    spec: { ...TEMPLATE.spec, restartPolicy: 'Never', activeDeadlineSeconds: 5 },
  };
  assert.deepEqual(problems(deployment({ template })), [
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
  ]);
});

test('validateDeployment judges the annotations of its template', () => {
  const template = { ...TEMPLATE, metadata: { ...TEMPLATE.metadata, annotations: { '/x': '' } } };
  assert.deepEqual(problems(deployment({ template })), [
    'spec.template.annotations: Invalid value: "/x": prefix part must be non-empty',
  ]);
});

test('validateDeployment judges counts and seconds', () => {
  const negative = (field: string) => `spec.${field}: Invalid value: -1: must be greater than or equal to 0`;
  assert.deepEqual(problems(deployment({ replicas: -1, minReadySeconds: -1, revisionHistoryLimit: -1 })), [
    negative('replicas'),
    negative('minReadySeconds'),
    negative('revisionHistoryLimit'),
  ]);
  assert.deepEqual(problems(deployment({ minReadySeconds: 5, progressDeadlineSeconds: 5 })), [
    'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
  ]);
});

test('validateDeployment judges its strategy', () => {
  assert.deepEqual(problems(deployment({ strategy: { type: 'Sideways' } })), [
    'spec.strategy: Unsupported value: {"Type":"Sideways","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
  ]);
  assert.deepEqual(problems(deployment({ strategy: { type: 'Recreate', rollingUpdate: {} } })), [
    `${FIELD}: Forbidden: may not be specified when strategy \`type\` is 'Recreate'`,
  ]);
  assert.deepEqual(problems(rolling({ maxSurge: 'x', maxUnavailable: '101%' })), [
    `${FIELD}.maxSurge: Invalid value: "x": ${PERCENT}`,
    `${FIELD}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`,
  ]);
  assert.deepEqual(problems(rolling({ maxSurge: '0%', maxUnavailable: 0 })), [
    `${FIELD}.maxUnavailable: Invalid value: 0: may not be 0 when \`maxSurge\` is 0`,
  ]);
});

test('validateUpdate keeps the selector of a Deployment', () => {
  const selector = { matchExpressions: [{ key: 'app', operator: 'Exists' }] };
  assert.deepEqual(updateProblems(deployment({ selector }), deployment()), [
    `spec.selector: Invalid value: ${JSON.stringify(selector)}: field is immutable`,
  ]);
});

test('validateDeploymentStatus wants counts that fit together', () => {
  const counts = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
  assert.deepEqual(statusProblems(deployment(), { ...counts, unavailableReplicas: 3 }), []);
  assert.deepEqual(statusProblems(deployment(), { replicas: 1, readyReplicas: 2, availableReplicas: 3 }), [
    'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas',
  ]);
  assert.deepEqual(statusProblems(deployment(), { replicas: -1 }), [
    'status.replicas: Invalid value: -1: must be greater than or equal to 0',
    'status.updatedReplicas: Invalid value: 0: cannot be greater than status.replicas',
    'status.readyReplicas: Invalid value: 0: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 0: cannot be greater than status.replicas',
  ]);
  assert.deepEqual(statusProblems(deployment(), {}, { collisionCount: 1 }), [
    'status.collisionCount: Invalid value: 0: cannot be decremented',
  ]);
});
