import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOf, problemsOfUpdate } from './problems.fixture.ts';

const GROUP = 'rbac.authorization.k8s.io';
const REF = { apiGroup: GROUP, kind: 'ClusterRole', name: 'view' };

const binding = (fields: object) =>
  objectOf(`${GROUP}/v1`, 'RoleBinding', { metadata: { namespace: 'a' }, roleRef: REF, ...fields });
const clusterBinding = (fields: object) =>
  objectOf(`${GROUP}/v1`, 'ClusterRoleBinding', { roleRef: REF, ...fields });

test('validateBinding takes users, groups and accounts', () => {
  const subjects = [
    { kind: 'User', name: 'jane' },
    { kind: 'Group', name: 'system:authenticated' },
    { kind: 'ServiceAccount', name: 'default', namespace: 'a' },
  ];
  for (const make of [binding, clusterBinding]) assert.deepEqual(problemsOf(make({ subjects })), []);
});

test('validateBinding says which role can be bound', () => {
  const roleRef = { apiGroup: 'apps', kind: 'Deployment', name: 'a/b' };
  const name = `roleRef.name: Invalid value: "a/b": may not contain '/'`;
  const group = `roleRef.apiGroup: Unsupported value: "apps": supported values: "${GROUP}"`;
  assert.deepEqual(problemsOf(binding({ roleRef })), [
    group,
    'roleRef.kind: Unsupported value: "Deployment": supported values: "Role", "ClusterRole"',
    name,
  ]);
  assert.deepEqual(problemsOf(clusterBinding({ roleRef: { ...roleRef, kind: 'Role' } })), [
    group,
    'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    name,
  ]);
});

test('validateBinding says who can be bound', () => {
  const subjects = [
    { kind: 'Pod', name: 'a' },
    { kind: 'User', name: '', apiGroup: 'apps' },
    { kind: 'ServiceAccount', name: 'a', apiGroup: GROUP },
  ];
  const common = [
    'subjects[0].kind: Unsupported value: "Pod": supported values: "ServiceAccount", "User", "Group"',
    'subjects[1].name: Required value',
    'subjects[1].name: Invalid value: "": user name cannot be empty',
    `subjects[1].apiGroup: Unsupported value: "apps": supported values: "${GROUP}"`,
    `subjects[2].apiGroup: Unsupported value: "${GROUP}": supported values: ""`,
  ];
  assert.deepEqual(problemsOf(binding({ subjects })), common);
  assert.deepEqual(problemsOf(clusterBinding({ subjects })), [
    ...common,
    'subjects[2].namespace: Required value',
  ]);
});

test('validateBindingUpdate keeps the role', () => {
  assert.deepEqual(problemsOfUpdate(binding({ subjects: [] }), binding({})), []);
  const roleRef = { ...REF, name: 'admin' };
  assert.deepEqual(problemsOfUpdate(binding({ roleRef }), binding({})), [
    `roleRef: Invalid value: {"apiGroup":"${GROUP}","kind":"ClusterRole","name":"admin"}: cannot change roleRef`,
  ]);
});
