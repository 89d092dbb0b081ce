import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { UserInfo } from '../../api/message.ts';
import type { AccessAttributes } from '../interfaces.ts';
import { newAccessDenied } from './access-denied.ts';
import { newAuthorizer } from './authorizer.ts';
import { bootstrapRbacObjects } from './bootstrap-roles.ts';
import { newNodePods } from './node-pods.ts';
import { newRbacIndex, type RbacObject } from './rbac-index.ts';
import { toPolicyRule } from './rule-notation.ts';

const API = 'rbac.authorization.k8s.io/v1' as const;
const AUTHENTICATED = 'system:authenticated';
const alice: UserInfo = { username: 'alice', groups: ['dev', AUTHENTICATED] };

function newCluster(objects: readonly RbacObject[] = [], pods: readonly Pod[] = []) {
  const index = newRbacIndex();
  const graph = newNodePods();
  for (const object of [...bootstrapRbacObjects(), ...objects]) index.put(object);
  for (const pod of pods) graph.put(pod);
  return { index, graph, authorizer: newAuthorizer(index, graph) };
}

/** `verb resource[/subresource] [name]`, the group before a colon: `get apps:deployments/scale x`. */
function attributes(user: UserInfo, request: string, namespace = 'default'): AccessAttributes {
  const [verb = '', target = '', name = ''] = request.split(' ');
  const [group, full] = target.includes(':') ? target.split(':') : ['', target];
  const [resource = '', subresource = ''] = (full ?? '').split('/');
  const base = { user, verb, path: '', version: 'v1', namespace, name };
  return { ...base, isResourceRequest: true, group: group ?? '', resource, subresource };
}

function pathAttributes(user: UserInfo, path: string, verb = 'get'): AccessAttributes {
  return { ...attributes(user, verb, ''), isResourceRequest: false, path };
}

function role(name: string, rules: readonly string[], namespace?: string): RbacObject {
  const metadata = { name, ...(namespace ? { namespace } : {}) };
  const kind = namespace ? 'Role' : 'ClusterRole';
  return { apiVersion: API, kind, metadata, rules: rules.map(toPolicyRule) } as RbacObject;
}

function binding(
  roleName: string,
  subject: string,
  options: { namespace?: string; kind?: string } = {},
): RbacObject {
  const [kind = '', name = '', namespace] = subject.split('/');
  const metadata = {
    name: `${roleName}-${name}`,
    ...(options.namespace ? { namespace: options.namespace } : {}),
  };
  return {
    apiVersion: API,
    kind: options.namespace ? 'RoleBinding' : 'ClusterRoleBinding',
    metadata,
    roleRef: { kind: options.kind ?? 'ClusterRole', name: roleName },
    subjects: [{ kind, name, ...(namespace ? { namespace } : {}) }],
  } as RbacObject;
}

test('newAuthorizer allows system:masters everything', () => {
  const { authorizer } = newCluster();
  const root = { username: 'root', groups: ['system:masters'] };
  assert.ok(authorizer.authorize(attributes(root, 'delete nodes x', '')).allowed);
  assert.deepEqual(authorizer.rulesFor(root, 'default').resourceRules[0], {
    verbs: ['*'],
    apiGroups: ['*'],
    resources: ['*'],
  });
});

test('newAuthorizer lets anonymous users see health and version only', () => {
  const { authorizer } = newCluster();
  const nobody = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
  for (const path of ['/livez', '/readyz', '/healthz', '/version', '/version/']) {
    assert.ok(authorizer.authorize(pathAttributes(nobody, path)).allowed, path);
  }
  for (const path of [
    '/api',
    '/apis',
    '/metrics',
    '/',
    '/livez/../api',
    '/versionx',
    '/openapi/v2',
    '/openid/v1/jwks',
  ]) {
    assert.ok(!authorizer.authorize(pathAttributes(nobody, path)).allowed, path);
  }
  assert.ok(!authorizer.authorize(attributes(nobody, 'list pods')).allowed);
  assert.ok(!authorizer.authorize(pathAttributes(nobody, '/livez', 'post')).allowed);
});

test('newAuthorizer keeps a RoleBinding to its namespace', () => {
  const { authorizer } = newCluster([binding('view', 'User/alice', { namespace: 'team' })]);
  assert.deepEqual(authorizer.authorize(attributes(alice, 'list pods', 'team')), {
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "view-alice/team" of ClusterRole "view" to User "alice"',
  });
  assert.ok(!authorizer.authorize(attributes(alice, 'list pods', 'default')).allowed);
  assert.ok(!authorizer.authorize(attributes(alice, 'list pods', '')).allowed);
  assert.ok(!authorizer.authorize(attributes(alice, 'get secrets x', 'team')).allowed);
  assert.ok(!authorizer.authorize(attributes(alice, 'delete pods x', 'team')).allowed);
});

test('newAuthorizer tells subresources apart', () => {
  const rules = ['get | core | pods/log', 'update | apps | */scale'];
  const { authorizer } = newCluster([role('r', rules), binding('r', 'Group/dev')]);
  const allows = (request: string) => authorizer.authorize(attributes(alice, request)).allowed;
  assert.ok(allows('get pods/log x') && allows('update apps:deployments/scale x'));
  assert.ok(!allows('get pods x') && !allows('get pods/exec x'));
  assert.ok(!allows('update apps:deployments x') && !allows('update core:pods/scale x'));
});

test('newAuthorizer restricts to resource names, which a list or a creation has not', () => {
  const { authorizer } = newCluster([role('r', ['* | core | configmaps | a,b']), binding('r', 'User/alice')]);
  const allows = (request: string) => authorizer.authorize(attributes(alice, request)).allowed;
  assert.ok(allows('get configmaps a') && allows('update configmaps b'));
  assert.ok(!allows('get configmaps c') && !allows('list configmaps') && !allows('create configmaps'));
});

test('newAuthorizer knows service accounts by their user name', () => {
  const { authorizer } = newCluster([
    role('r', ['get | core | pods'], 'ns'),
    binding('r', 'ServiceAccount/robot', { namespace: 'ns', kind: 'Role' }),
    binding('view', 'ServiceAccount/eye/other'),
  ]);
  const user = (namespace: string, name: string) => {
    return { username: `system:serviceaccount:${namespace}:${name}`, groups: [AUTHENTICATED] };
  };
  assert.ok(authorizer.authorize(attributes(user('ns', 'robot'), 'get pods x', 'ns')).allowed);
  assert.ok(!authorizer.authorize(attributes(user('other', 'robot'), 'get pods x', 'ns')).allowed);
  assert.ok(authorizer.authorize(attributes(user('other', 'eye'), 'list pods', '')).allowed);
});

test('newAuthorizer reports a binding whose role does not exist', () => {
  const { authorizer } = newCluster([binding('gone', 'User/alice')]);
  const { allowed, reason } = authorizer.authorize(attributes(alice, 'list pods'));
  assert.ok(!allowed);
  assert.equal(reason, 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found');
});

test('newRbacIndex follows changes of roles and bindings', () => {
  const grant = binding('r', 'User/alice');
  const { authorizer, index } = newCluster([grant, role('r', ['get | core | pods'])]);
  const allows = (request: string) => authorizer.authorize(attributes(alice, request)).allowed;
  assert.ok(allows('get pods x'));
  index.put(role('r', ['get | core | secrets']));
  assert.ok(!allows('get pods x') && allows('get secrets x'));
  index.put({ ...grant, subjects: [{ kind: 'User', name: 'bob' }] } as RbacObject);
  assert.ok(!allows('get secrets x'));
  index.put(grant);
  index.delete(grant);
  index.delete(grant);
  assert.ok(!allows('get secrets x'));
});

test('newRbacIndex gathers roles that a selector chooses', () => {
  const { authorizer, index } = newCluster([binding('view', 'User/alice')]);
  const crontabs = role('crontabs', ['get | stable.example.com | crontabs']);
  const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
  const allows = () => authorizer.authorize(attributes(alice, 'get stable.example.com:crontabs x')).allowed;
  assert.ok(!allows());
  index.put({ ...crontabs, metadata: { ...crontabs.metadata, labels } } as RbacObject);
  assert.ok(allows());
  index.delete(crontabs);
  assert.ok(!allows());
});

test('newAuthorizer allows nothing that no rule names', () => {
  const { authorizer } = newCluster();
  const word = fc.constantFrom('get', 'list', 'pods', 'secrets', '*', '', 'nodes', 'status', 'apps', 'x');
  fc.assert(
    fc.property(word, word, word, word, (verb, group, resource, name) => {
      const request = { ...attributes(alice, 'x', 'default'), verb, group, resource, name };
      assert.ok(!authorizer.authorize(request).allowed);
    }),
  );
});

const NODE: UserInfo = { username: 'system:node:n1', groups: ['system:nodes', AUTHENTICATED] };

function pod(name: string, nodeName: string, volumes: object[] = []): Pod {
  const spec = { nodeName, serviceAccountName: 'robot', containers: [{ name: 'c' }], volumes };
  return { metadata: { name, namespace: 'default', uid: `uid-${name}` }, spec } as unknown as Pod;
}

test('newNodeAuthorizer keeps an agent to its own Node, Lease and Pods', () => {
  const { authorizer } = newCluster([], [pod('mine', 'n1'), pod('other', 'n2'), pod('pending', '')]);
  const allows = (request: string, namespace?: string) =>
    authorizer.authorize(attributes(NODE, request, namespace)).allowed;
  for (const request of ['get nodes n1', 'patch nodes/status n1', 'watch nodes n1', 'create nodes']) {
    assert.ok(allows(request, ''), request);
  }
  for (const request of ['get nodes n2', 'patch nodes/status n2', 'list nodes', 'delete nodes n1']) {
    assert.ok(!allows(request, ''), request);
  }
  for (const verb of ['get pods', 'patch pods/status', 'delete pods', 'create pods/eviction']) {
    assert.ok(allows(`${verb} mine`), verb);
    assert.ok(!allows(`${verb} other`), verb);
    assert.ok(!allows(`${verb} pending`), verb);
  }
  assert.ok(allows('get pods gone'), 'learns that a Pod is gone');
  assert.ok(!allows('create pods x') && !allows('update pods mine') && !allows('create pods/exec mine'));
  assert.ok(allows('update coordination.k8s.io:leases n1', 'kube-node-lease'));
  assert.ok(!allows('update coordination.k8s.io:leases n2', 'kube-node-lease'));
  assert.ok(!allows('update coordination.k8s.io:leases n1', 'default'));
});

test('newNodeAuthorizer lets an agent list the Pods of its node only', () => {
  const { authorizer } = newCluster();
  const allows = (fieldSelector?: string) =>
    authorizer.authorize({ ...attributes(NODE, 'list pods', ''), fieldSelector }).allowed;
  assert.ok(allows('spec.nodeName=n1') && allows('status.phase!=Failed,spec.nodeName==n1'));
  assert.ok(!allows() && !allows('') && !allows('spec.nodeName=n2') && !allows('spec.nodeName!=n1'));
});

test('newNodeAuthorizer gives what the Pods of the node name', () => {
  const volumes = [
    { name: 'a', secret: { secretName: 'tls' } },
    { name: 'b', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } },
  ];
  const mine = pod('mine', 'n1', volumes);
  const { authorizer, graph } = newCluster(
    [],
    [mine, pod('other', 'n2', [{ name: 'a', secret: { secretName: 'no' } }])],
  );
  const allows = (request: string, namespace?: string) =>
    authorizer.authorize(attributes(NODE, request, namespace)).allowed;
  for (const request of [
    'get secrets tls',
    'watch configmaps kube-root-ca.crt',
    'create serviceaccounts/token robot',
  ]) {
    assert.ok(allows(request), request);
    assert.ok(!allows(request, 'elsewhere'), request);
  }
  for (const request of [
    'get secrets no',
    'list secrets',
    'update secrets tls',
    'create serviceaccounts/token x',
  ]) {
    assert.ok(!allows(request), request);
  }
  const { reason } = authorizer.authorize(attributes(NODE, 'get secrets no'));
  assert.equal(reason, "no relationship found between node 'n1' and this object");
  graph.delete(mine);
  assert.ok(!allows('get secrets tls'));
});

test('newNodeAuthorizer asks for the group and the name together', () => {
  const { authorizer } = newCluster();
  for (const user of [
    { username: 'system:node:n1', groups: [AUTHENTICATED] },
    { username: 'n1', groups: ['system:nodes'] },
    { username: 'system:node:', groups: ['system:nodes'] },
  ]) {
    assert.ok(!authorizer.authorize(attributes(user, 'get nodes n1', '')).allowed);
  }
});

test('newAccessDenied speaks as upstream does', () => {
  const message = (request: AccessAttributes, reason?: string) => newAccessDenied(request, reason).message;
  assert.equal(
    message(attributes(alice, 'list pods')),
    'pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"',
  );
  assert.equal(
    message(attributes(alice, 'update apps:deployments/scale web', 'x')),
    'deployments.apps "web" is forbidden: User "alice" cannot update resource "deployments/scale" in API group "apps" in the namespace "x"',
  );
  assert.equal(
    message(attributes(alice, 'get nodes n', ''), 'why'),
    'nodes "n" is forbidden: User "alice" cannot get resource "nodes" in API group "" at the cluster scope: why',
  );
  assert.equal(message(pathAttributes(alice, '/x')), 'forbidden: User "alice" cannot get path "/x"');
});
