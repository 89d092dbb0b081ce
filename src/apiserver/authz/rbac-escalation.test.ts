import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/generated/core-v1.ts';
import type { UserInfo } from '../../api/message.ts';
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  LEASES,
  NODES,
  PODS,
  type ResourceRow,
  ROLE_BINDINGS,
  ROLES,
} from '../../api/resources.ts';
import {
  type AdmissionRequest,
  type AdmissionStep,
  type AdmissionView,
  newAdmissionNotes,
} from '../admission/admission.ts';
import type { ApiObject } from '../api-object.ts';
import { newAuthorizer } from './authorizer.ts';
import { bootstrapRbacObjects } from './bootstrap-roles.ts';
import { newNodePods } from './node-pods.ts';
import { nodeRestriction, requireOwnPod } from './node-restriction.ts';
import { newRbacEscalationCheck, uncoveredRules } from './rbac-escalation.ts';
import { newRbacIndex, type RbacObject } from './rbac-index.ts';
import { toPolicyRule } from './rule-notation.ts';

const alice: UserInfo = { username: 'alice', groups: ['system:authenticated'] };
const objects = bootstrapRbacObjects();

const view = {
  get: (row: ResourceRow, _: string, name: string) =>
    objects.find(({ kind, metadata }) => kind === row.kind && metadata.name === name) as
      | ApiObject
      | undefined,
  list: () => [],
} as unknown as AdmissionView;

/** Alice administers the namespace `team`, and nothing else. */
function newCheck(): AdmissionStep {
  const index = newRbacIndex();
  for (const object of objects) index.put(object);
  index.put({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'b', namespace: 'team' },
    roleRef: { kind: 'ClusterRole', name: 'admin' },
    subjects: [{ kind: 'User', name: 'alice' }],
  } as RbacObject);
  return newRbacEscalationCheck(newAuthorizer(index, newNodePods()));
}

function write(row: ResourceRow, object: object, options: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const namespace = row.namespaced ? 'team' : '';
  const request = { operation: 'CREATE', row, subresource: '', namespace, name: 'x', dryRun: false } as const;
  const notes = newAdmissionNotes();
  return { ...request, notes, user: alice, object: object as ApiObject, ...options };
}

function binding(role: string, kind = 'ClusterRole') {
  return { roleRef: { kind, name: role }, subjects: [{ kind: 'User', name: 'bob' }] };
}

test('newRbacEscalationCheck lets a user pass on what they have', () => {
  const check = newCheck();
  check.admit(write(ROLE_BINDINGS, binding('view')), view);
  check.admit(write(ROLE_BINDINGS, binding('admin')), view);
  check.admit(write(ROLES, { rules: [toPolicyRule('get,list | core | pods,pods/log')] }), view);
});

test('newRbacEscalationCheck refuses what the user does not have', () => {
  const check = newCheck();
  for (const request of [
    write(ROLE_BINDINGS, binding('cluster-admin')),
    write(ROLE_BINDINGS, binding('none')),
    write(CLUSTER_ROLE_BINDINGS, binding('view')),
    write(ROLES, { rules: [toPolicyRule('* | * | *')] }),
    write(ROLES, { rules: [toPolicyRule('get | core | *')] }),
  ]) {
    assert.throws(() => check.admit(request, view), { reason: 'Forbidden' });
  }
  const request = write(ROLES, { rules: [toPolicyRule('get | core | pods,nodes')] });
  assert.throws(() => check.admit(request, view), {
    message:
      'roles.rbac.authorization.k8s.io "x" is forbidden: user "alice" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}',
  });
});

test('newRbacEscalationCheck leaves updates that grant nothing new and superusers alone', () => {
  const check = newCheck();
  const rules = { rules: [toPolicyRule('* | * | *')] };
  check.admit(write(ROLES, rules, { operation: 'UPDATE', old: rules as unknown as ApiObject }), view);
  check.admit(write(ROLES, rules, { user: { username: 'root', groups: ['system:masters'] } }), view);
});

test('uncoveredRules asks for a wildcard where a wildcard is granted', () => {
  const held = (notation: string) => {
    const rule = toPolicyRule(notation);
    const isPath = rule.nonResourceURLs !== undefined;
    return { resourceRules: isPath ? [] : [rule], nonResourceRules: isPath ? [rule] : [], incomplete: false };
  };
  const covers = (own: string, wanted: string) =>
    uncoveredRules(held(own), [toPolicyRule(wanted)]).length === 0;
  assert.ok(
    covers('* | * | *', '* | apps | deployments/scale') &&
      covers('get | core | */scale', 'get | core | x/scale'),
  );
  assert.ok(
    !covers('read | core | pods', '* | core | pods') && !covers('get | core | pods', 'get | * | pods'),
  );
  assert.ok(
    !covers('get | core | pods | a', 'get | core | pods') &&
      covers('get | core | pods', 'get | core | pods | a'),
  );
  assert.ok(
    covers('get | urls | /a*', 'get | urls | /ab*') && !covers('get | urls | /ab', 'get | urls | /ab*'),
  );
});

test('nodeRestriction keeps an agent to its own name, taints and labels', () => {
  const user = { username: 'system:node:n1', groups: ['system:nodes'] };
  const node = (name: string, extra: object = {}) => ({ metadata: { name }, ...extra });
  const admit = (row: ResourceRow, object: object, options: Partial<AdmissionRequest> = {}) =>
    nodeRestriction.admit(write(row, object, { user, name: '', ...options }), view);
  admit(NODES, node('n1', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }));
  admit(LEASES, node('n1'));
  assert.throws(() => admit(NODES, node('n2')), { reason: 'Forbidden' });
  assert.throws(() => admit(LEASES, node('n2')), { reason: 'Forbidden' });
  const old = node('n1', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }) as unknown as ApiObject;
  assert.throws(() => admit(NODES, node('n1'), { operation: 'UPDATE', old }), /not allowed to modify taints/);
  const labels = { 'x.node-restriction.kubernetes.io/secure': 'true' };
  assert.throws(
    () => admit(NODES, { metadata: { name: 'n1', labels } }),
    /not allowed to set the following labels: x\.node-restriction\.kubernetes\.io\/secure$/,
  );
  admit(NODES, node('n2'), { user: alice });
  const relabelled = (key: string) => () =>
    admit(
      NODES,
      { metadata: { name: 'n1', labels: { [key]: 'x' } } },
      { operation: 'UPDATE', old: node('n1') as never },
    );
  for (const key of [
    'kubernetes.io/hostname',
    'node.kubernetes.io/speed',
    'topology.kubernetes.io/zone',
    'own',
    'a.b/c',
  ])
    relabelled(key)();
  for (const key of ['node-role.kubernetes.io/control-plane', 'kubernetes.io/own', 'x.k8s.io/y'])
    assert.throws(relabelled(key), /is not allowed to modify labels: /, key);
  const owned = {
    metadata: { name: 'n1', ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'b' }] },
  };
  assert.throws(
    () => admit(NODES, owned, { operation: 'UPDATE', subresource: 'status', old: node('n1') as never }),
    /not allowed to modify ownerReferences/,
  );
  const status = { operation: 'UPDATE', subresource: 'status', old: node('a') as never } as const;
  admit(PODS, node('a', { status: { phase: 'Running' } }), status);
  assert.throws(
    () => admit(PODS, { metadata: { name: 'a', labels: { x: 'y' } } }, status),
    /cannot update labels through pod status/,
  );
});

test('requireOwnPod gives an agent tokens only for Pods that run on its node', () => {
  const agent = { username: 'system:node:n1', groups: ['system:nodes'] };
  const reference = { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'u' };
  const podOn = (nodeName: string) => ({ spec: { nodeName } }) as Pod;
  requireOwnPod(agent, 'default', reference, podOn('n1'));
  requireOwnPod(agent, 'default', reference, undefined);
  requireOwnPod(alice, 'default', undefined, undefined);
  assert.throws(
    () => requireOwnPod(agent, 'default', undefined, undefined),
    /node requested token not bound to a pod/,
  );
  const { uid: _, ...nameless } = reference;
  assert.throws(() => requireOwnPod(agent, 'default', nameless, podOn('n1')), /without a uid/);
  assert.throws(
    () => requireOwnPod(agent, 'default', { ...reference, kind: 'Secret' }, podOn('n1')),
    /not bound to a pod/,
  );
  assert.throws(
    () => requireOwnPod(agent, 'default', reference, podOn('n2')),
    /scheduled on a different node/,
  );
});

test('newRbacEscalationCheck counts what an aggregated role gathers, also before it is written into it', () => {
  const check = newCheck();
  const sum = {
    kind: 'ClusterRole',
    metadata: { name: 'sum' },
    rules: [],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: 'sum' } }] },
  };
  const part = {
    kind: 'ClusterRole',
    metadata: { name: 'part', labels: { to: 'sum' } },
    rules: [toPolicyRule('* | * | *')],
  };
  const gathering = { get: () => sum, list: () => [sum, part] } as unknown as AdmissionView;
  assert.throws(() => check.admit(write(ROLE_BINDINGS, binding('sum')), gathering), /not currently held/);
});

test('newRbacEscalationCheck lets only who may everything say what a role gathers', () => {
  const check = newCheck();
  const own = { rules: [], metadata: { name: 'x' } };
  const sum = { ...own, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } };
  const refusal = /must have cluster-admin privileges to use the aggregationRule/;
  assert.throws(() => check.admit(write(CLUSTER_ROLES, sum), view), refusal);
  const taken = write(CLUSTER_ROLES, own, { operation: 'UPDATE', old: sum as unknown as ApiObject });
  assert.throws(() => check.admit(taken, view), refusal);
  check.admit(write(CLUSTER_ROLES, own), view);
  check.admit(write(CLUSTER_ROLES, sum, { user: { username: 'root', groups: ['system:masters'] } }), view);
});
