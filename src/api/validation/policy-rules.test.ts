import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOf } from './problems.fixture.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';
const roleProblems = (rule: object) =>
  problemsOf(objectOf(RBAC, 'Role', { metadata: { namespace: 'a' }, rules: [rule] }));
const clusterRoleProblems = (rule: object) => problemsOf(objectOf(RBAC, 'ClusterRole', { rules: [rule] }));

const GOOD = { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] };

test('validateRole takes rules about resources', () => {
  assert.deepEqual(roleProblems(GOOD), []);
  assert.deepEqual(roleProblems({}), [
    'rules[0].verbs: Required value: verbs must contain at least one value',
    'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    'rules[0].resources: Required value: resource rules must supply at least one resource',
  ]);
  assert.deepEqual(roleProblems({ ...GOOD, resources: ['pods', 'secrets'] }), [
    'rules[0].resourceNames: Required value: resource names cannot apply to multiple resources',
  ]);
});

test('validateRole refuses paths that are no resources', () => {
  assert.deepEqual(roleProblems({ ...GOOD, nonResourceURLs: ['/a'] }), [
    'rules[0].nonResourceURLs: Invalid value: ["/a"]: namespaced rules cannot apply to non-resource URLs',
    'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and non-resource URLs',
  ]);
});

test('validateClusterRole takes a rule about paths, if it is about nothing else', () => {
  assert.deepEqual(clusterRoleProblems({ verbs: ['get'], nonResourceURLs: ['/healthz'] }), []);
  assert.deepEqual(clusterRoleProblems({ verbs: ['get'], nonResourceURLs: ['/a'], resourceNames: ['x'] }), [
    'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and non-resource URLs',
  ]);
});
