/**
 * What the agent of a node may do: work on its own Node and Lease, run the Pods that are bound to it, and read what those
 * Pods name. Everything else has to come from RBAC, where `system:nodes` is bound to nothing.
 *
 * Differs from upstream, where NodeRestriction's admission checks a part of this later: here all of it is decided before.
 * An agent routes for Services too, so it may list EndpointSlices, as `system:node-proxier` may.
 * @see plugin/pkg/auth/authorizer/node/node_authorizer.go in kubernetes/kubernetes
 */

import { parseFieldSelector } from '../../api/selectors.ts';
import { ownValue } from '../../base/own-value.ts';
import type { AccessAttributes, AccessDecision } from '../interfaces.ts';
import type { NodePods, ReferencedResource } from './node-pods.ts';
import { type CompiledRule, compileRule } from './policy-rule.ts';
import { toPolicyRule } from './rule-notation.ts';

const USER_PREFIX = 'system:node:';
const GROUP = 'system:nodes';
const LEASE_NAMESPACE = 'kube-node-lease';

/** What any agent may do, whichever its node. */
const COMMON_RULES: readonly CompiledRule[] = [
  'create | authentication.k8s.io | tokenreviews',
  'create | authorization.k8s.io | subjectaccessreviews,localsubjectaccessreviews',
  'read | core | services,endpoints',
  'read | discovery.k8s.io | endpointslices',
  'create | core | nodes',
  'create,update,patch | core,events.k8s.io | events',
  'create,get,list,watch | certificates.k8s.io | certificatesigningrequests',
  'get | core | persistentvolumes',
  'read | node.k8s.io | runtimeclasses',
  'read | storage.k8s.io | csidrivers',
  'get | storage.k8s.io | volumeattachments',
  'read | core | namespaces',
].map((notation) => compileRule(toPolicyRule(notation)));

/** The name of the node whose agent `user` is; undefined for everybody else. */
export function nodeOfUser(user: AccessAttributes['user']): string | undefined {
  if (!user.groups.includes(GROUP) || !user.username.startsWith(USER_PREFIX)) return undefined;
  return user.username.slice(USER_PREFIX.length) || undefined;
}

export interface NodeAuthorizer {
  /** No opinion on users that are no agents. */
  authorize(attributes: AccessAttributes): AccessDecision;
}

export function newNodeAuthorizer(pods: Pick<NodePods, 'nodeOf' | 'isReferenced'>): NodeAuthorizer {
  return {
    authorize(attributes) {
      const node = nodeOfUser(attributes.user);
      if (node === undefined || !attributes.isResourceRequest) return NO_OPINION;
      const restricted = RESTRICTED[`${attributes.group}/${attributes.resource}`];
      const decision = restricted?.({ node, attributes, pods }) ?? NO_OPINION;
      if (decision.allowed || COMMON_RULES.some((rule) => rule.allows(attributes))) return { allowed: true };
      return decision;
    },
  };
}

interface NodeRequest {
  node: string;
  attributes: AccessAttributes;
  pods: Pick<NodePods, 'nodeOf' | 'isReferenced'>;
}

const NO_OPINION: AccessDecision = { allowed: false };
const ALLOWED: AccessDecision = { allowed: true };

/** By group and resource; each decides about requests that concern one node's own share of that resource. */
const RESTRICTED: Readonly<Record<string, (request: NodeRequest) => AccessDecision>> = {
  '/nodes': authorizeNode,
  '/pods': authorizePod,
  '/secrets': authorizeReference('secrets'),
  '/configmaps': authorizeReference('configmaps'),
  '/persistentvolumeclaims': authorizeReference('persistentvolumeclaims'),
  '/serviceaccounts': authorizeServiceAccount,
  'resource.k8s.io/resourceclaims': authorizeReference('resourceclaims'),
  'coordination.k8s.io/leases': authorizeLease,
  'storage.k8s.io/csinodes': authorizeOwnName(new Set(['get', 'create', 'update', 'patch', 'delete'])),
};

const NODE_VERBS: ReadonlySet<string> = new Set(['get', 'list', 'watch', 'update', 'patch']);

function authorizeNode({ node, attributes }: NodeRequest): AccessDecision {
  const { name, verb, subresource } = attributes;
  if (subresource !== '' && subresource !== 'status') return NO_OPINION;
  if (!NODE_VERBS.has(verb)) return NO_OPINION;
  if (name === node) return ALLOWED;
  const target = name === '' ? 'all nodes' : `node '${name}'`;
  return denied(`node '${node}' cannot ${verb} ${target}, only its own Node object`);
}

const POD_VERBS: Readonly<Record<string, ReadonlySet<string>>> = {
  '': new Set(['get', 'list', 'watch', 'delete']),
  status: new Set(['get', 'update', 'patch']),
  eviction: new Set(['create']),
};

function authorizePod({ node, attributes, pods }: NodeRequest): AccessDecision {
  const { namespace, name, verb, subresource } = attributes;
  if (!ownValue(POD_VERBS, subresource)?.has(verb)) return NO_OPINION;
  if (name === '') {
    return selectsNode(attributes.fieldSelector, node)
      ? ALLOWED
      : denied('can only list/watch pods with spec.nodeName field selector');
  }
  const owner = pods.nodeOf(namespace, name);
  // A Pod that is gone may be asked for: its agent must learn that it is gone.
  return owner === undefined || owner === node ? ALLOWED : denied(noRelationship(node));
}

function selectsNode(fieldSelector: string | undefined, node: string): boolean {
  if (!fieldSelector) return false;
  return parseFieldSelector(fieldSelector).some(
    ({ field, value, equal }) => field === 'spec.nodeName' && equal && value === node,
  );
}

const REFERENCE_VERBS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** Reading one object by name; lists and watches too, as long as they select that one name. */
function authorizeReference(resource: ReferencedResource): (request: NodeRequest) => AccessDecision {
  return ({ node, attributes, pods }) => {
    const { verb, subresource, namespace, name } = attributes;
    if (subresource !== '' || !REFERENCE_VERBS.has(verb)) return NO_OPINION;
    if (namespace === '' || name === '') return denied('can only read resources of this type by name');
    return pods.isReferenced(node, resource, { namespace, name }) ? ALLOWED : denied(noRelationship(node));
  };
}

function authorizeServiceAccount(request: NodeRequest): AccessDecision {
  const { verb, subresource, namespace, name } = request.attributes;
  if (subresource === '') return authorizeReference('serviceaccounts')(request);
  if (subresource !== 'token' || verb !== 'create') return NO_OPINION;
  const isOfPod = request.pods.isReferenced(request.node, 'serviceaccounts', { namespace, name });
  return isOfPod ? ALLOWED : denied(noRelationship(request.node));
}

const LEASE_VERBS: ReadonlySet<string> = new Set(['get', 'create', 'update', 'patch', 'delete']);

function authorizeLease({ node, attributes }: NodeRequest): AccessDecision {
  const { verb, namespace, name, subresource } = attributes;
  if (!LEASE_VERBS.has(verb) || subresource !== '') return NO_OPINION;
  if (namespace !== LEASE_NAMESPACE)
    return denied(`can only access leases in the "${LEASE_NAMESPACE}" system namespace`);
  // The name of a new Lease is in its body.
  if (verb === 'create' || name === node) return ALLOWED;
  return denied('can only access node lease with the same name as the requesting node');
}

function authorizeOwnName(verbs: ReadonlySet<string>): (request: NodeRequest) => AccessDecision {
  return ({ node, attributes: { verb, name, subresource } }) => {
    if (!verbs.has(verb) || subresource !== '') return NO_OPINION;
    return verb === 'create' || name === node
      ? ALLOWED
      : denied('can only access an object with the name of the node');
  };
}

function denied(reason: string): AccessDecision {
  return { allowed: false, reason };
}

function noRelationship(node: string): string {
  return `no relationship found between node '${node}' and this object`;
}
