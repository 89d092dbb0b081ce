import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems, SELECTOR, statusProblems, TEMPLATE, updateProblems } from './judged.fixture.ts';

const UNSELECTED =
  'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`';
const withPod = (spec: object) => ({ ...TEMPLATE, spec: { ...TEMPLATE.spec, ...spec } });

const replicaSet = (spec: object = {}) =>
  objectOf('apps/v1', 'ReplicaSet', { spec: { selector: SELECTOR, template: TEMPLATE, ...spec } });

test('validateReplicaSet speaks of itself as a Deployment does', () => {
  assert.deepEqual(problems(replicaSet()), []);
  assert.deepEqual(problems(replicaSet({ selector: {}, replicas: -1, minReadySeconds: -2 })), [
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    'spec.minReadySeconds: Invalid value: -2: must be greater than or equal to 0',
    'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
  ]);
});

test('validateReplicasStatus wants counts that fit together', () => {
  assert.deepEqual(statusProblems(replicaSet(), { replicas: 1, fullyLabeledReplicas: 2 }), [
    'status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas',
  ]);
  assert.deepEqual(statusProblems(replicaSet(), { replicas: 2, readyReplicas: 1, availableReplicas: 2 }), [
    'status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas',
  ]);
});

const controller = (spec: object = {}) =>
  objectOf('v1', 'ReplicationController', {
    spec: { selector: { app: 'web' }, template: TEMPLATE, ...spec },
  });

test('validateReplicationController has a plain selector', () => {
  assert.deepEqual(problems(controller()), []);
  assert.deepEqual(problems(controller({ selector: {} })), ['spec.selector: Required value']);
  assert.deepEqual(problems(controller({ selector: { app: 'db' } })), [UNSELECTED]);
  assert.deepEqual(problems(controller({ template: undefined })), ['spec.template: Required value']);
  assert.deepEqual(problems(controller({ template: withPod({ activeDeadlineSeconds: 1 }) })), [
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported',
  ]);
  assert.deepEqual(statusProblems(controller(), { replicas: 0, readyReplicas: 1 }), [
    'status.readyReplicas: Invalid value: 1: cannot be greater than status.replicas',
  ]);
});

const daemonSet = (spec: object = {}) =>
  objectOf('apps/v1', 'DaemonSet', { spec: { selector: SELECTOR, template: TEMPLATE, ...spec } });
const daemonRolling = (rollingUpdate: object) =>
  daemonSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });

test('validateDaemonSet without a selector selects nothing', () => {
  assert.deepEqual(problems(daemonSet()), []);
  assert.deepEqual(problems(daemonSet({ selector: undefined })), [UNSELECTED]);
  assert.deepEqual(problems(daemonSet({ selector: {} })), [
    'spec.selector: Invalid value: {}: empty selector is invalid for daemonset',
  ]);
  assert.deepEqual(problems(daemonSet({ template: withPod({ activeDeadlineSeconds: 1 }) })), [
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported',
  ]);
});

test('validateDaemonSet either surges or lets Pods be unavailable', () => {
  const field = 'spec.updateStrategy';
  assert.deepEqual(problems(daemonSet({ updateStrategy: { type: 'Now' } })), [
    `${field}: Unsupported value: {"Type":"Now","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"`,
  ]);
  assert.deepEqual(problems(daemonSet({ updateStrategy: { type: 'OnDelete' } })), []);
  assert.deepEqual(problems(daemonRolling({ maxSurge: 1, maxUnavailable: 1 })), [
    `${field}.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero`,
  ]);
  assert.deepEqual(problems(daemonRolling({ maxSurge: 0, maxUnavailable: '0%' })), [
    `${field}.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`,
  ]);
  assert.deepEqual(problems(daemonRolling({ maxSurge: '101%', maxUnavailable: 0 })), [
    `${field}.rollingUpdate.maxSurge: Invalid value: "101%": must not be greater than 100%`,
  ]);
});

test('validateDaemonSetStatus wants counts that are none below nothing', () => {
  assert.deepEqual(statusProblems(daemonSet(), { numberReady: -1 }, { collisionCount: 1 }), [
    'status.numberReady: Invalid value: -1: must be greater than or equal to 0',
    'status.collisionCount: Invalid value: 0: cannot be decremented',
  ]);
});

const statefulSet = (spec: object = {}, meta: object = {}) =>
  objectOf('apps/v1', 'StatefulSet', { spec: { selector: SELECTOR, template: TEMPLATE, ...spec } }, meta);
const statefulRolling = (rollingUpdate: object) =>
  statefulSet({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });

test('validateStatefulSet judges how its Pods come and go', () => {
  assert.deepEqual(problems(statefulSet()), []);
  assert.deepEqual(problems(statefulSet({ podManagementPolicy: 'Wild' })), [
    `spec.podManagementPolicy: Invalid value: "Wild": must be 'OrderedReady' or 'Parallel'`,
  ]);
  assert.deepEqual(problems(statefulSet({ updateStrategy: { type: 'Now' } })), [
    `spec.updateStrategy: Invalid value: {"Type":"Now","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete'`,
  ]);
  const rollingUpdate = { partition: 1 };
  assert.deepEqual(problems(statefulSet({ updateStrategy: { type: 'OnDelete', rollingUpdate } })), [
    `spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate'`,
  ]);
  assert.deepEqual(problems(statefulRolling({ partition: -1, maxUnavailable: '0%' })), [
    'spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0',
    'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "0%": cannot be 0',
  ]);
  assert.deepEqual(
    problems(
      statefulSet({ ordinals: { start: -1 }, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Keep' } }),
    ),
    [
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"',
      'spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0',
    ],
  );
});

test('validateStatefulSet complains of selectors and templates in its own words', () => {
  assert.deepEqual(problems(statefulSet({ selector: {} })), [
    'spec.selector: Invalid value: {}: empty selector is invalid for statefulset',
  ]);
  const malformed = { matchExpressions: [{ key: 'app', operator: 'In' }] };
  assert.deepEqual(
    problems(statefulSet({ selector: malformed })).at(-1),
    [`spec.selector: Invalid value: ${JSON.stringify(malformed)}`][0],
  );
  assert.deepEqual(problems(statefulSet({ template: withPod({ activeDeadlineSeconds: 1 }) })), [
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not Supported',
  ]);
});

test('validateStatefulSet is named, and names its Service, as hosts are; what has another name keeps it', () => {
  const dotted = statefulSet({ serviceName: 'a.b' }, { name: 'a.b' });
  assert.deepEqual(problems(dotted), [
    'metadata.name: Invalid value: "a.b": must not contain dots',
    'spec.serviceName: Invalid value: "a.b": must not contain dots',
  ]);
  assert.deepEqual(updateProblems(dotted, dotted), []);
});

test('validateStatefulSetUpdate says what may change, and what is wrong besides', () => {
  assert.deepEqual(updateProblems(statefulSet({ replicas: 3, minReadySeconds: 1 }), statefulSet()), []);
  assert.deepEqual(updateProblems(statefulSet({ replicas: -1, serviceName: 'b' }), statefulSet()), [
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ]);
});

test('validateStatefulSet judges the claims that it will make, once', () => {
  const resources = { requests: { storage: '1Gi' } };
  const claims = [
    { metadata: { name: 'a' }, spec: { accessModes: ['ReadWriteOnce'], resources } },
    { metadata: { name: 'b' }, spec: { resources: { requests: { storage: '0' } } } },
  ];
  const made = statefulSet({ volumeClaimTemplates: claims });
  assert.deepEqual(problems(made), [
    'spec.volumeClaimTemplates[1].spec.accessModes: Required value: at least 1 access mode is required',
    'spec.volumeClaimTemplates[1].spec.resources[storage]: Invalid value: "0": must be greater than zero',
  ]);
  assert.deepEqual(updateProblems(statefulSet({ volumeClaimTemplates: claims, replicas: 2 }), made), []);
});

test('validateStatefulSetStatus wants counts that fit together', () => {
  assert.deepEqual(statusProblems(statefulSet(), { replicas: 1, currentReplicas: 2, availableReplicas: 1 }), [
    'status.currentReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas',
  ]);
});

test('validatePodTemplateObject judges the Pods to be', () => {
  const template = (labels: object) =>
    objectOf('v1', 'PodTemplate', { template: { ...TEMPLATE, metadata: { labels } } });
  assert.deepEqual(problems(template({ app: 'web' })), []);
  assert.match(problems(template({ app: 'a b' }))[0] ?? '', /^template\.labels: Invalid value: "a b": /);
});
