import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserInfo } from '../../api/message.ts';
import {
  CLUSTER_ROLE_BINDINGS,
  LEASES,
  NODES,
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
import { nodeRestriction } from './node-restriction.ts';
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
  assert.throws(() => admit(NODES, { metadata: { name: 'n1', labels } }), /not allowed to modify labels/);
  admit(NODES, node('n2'), { user: alice });
});
