/**
 * Nobody grants what they do not have: who writes a role must hold every permission in it, and who writes a binding every
 * permission of its role; unless RBAC gives them `escalate` on the role, or `bind`.
 *
 * @see pkg/registry/rbac/role/policybased/storage.go and escalation_check.go in kubernetes/kubernetes
 */
import type { ClusterRole, PolicyRule, Role, RoleBinding } from '../../api/generated/rbac-v1.ts';
import type { UserInfo } from '../../api/message.ts';
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES } from '../../api/resources.ts';
import { newSelectorMatcher } from '../../api/selectors.ts';
import type { AdmissionRequest, AdmissionStep, AdmissionView } from '../admission/admission.ts';
import { newForbidden } from '../errors.ts';
import type { AccessAttributes } from '../interfaces.ts';
import type { Authorizer } from './authorizer.ts';
import { compileRule } from './policy-rule.ts';

/** All that anybody can do with resources and paths. */
const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

export function newRbacEscalationCheck(
  authorizer: Pick<Authorizer, 'authorize' | 'rulesFor'>,
): AdmissionStep {
  return {
    name: 'RBACEscalation',
    admit(request, view) {
      if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return;
      const wanted = grantedRules(request, view);
      if (!wanted || mayAnyway(authorizer, request)) return;
      const held = authorizer.rulesFor(request.user, request.namespace);
      const missing = uncoveredRules(held, wanted);
      if (missing.length === 0) {
        if (gathers(request.object) || gathers(request.old)) requireEverything(held, request);
        return;
      }
      const why = `${describeUser(request.user)} is attempting to grant RBAC permissions not currently held:\n`;
      throw newForbidden(request.row, request.name, why + missing.map(formatRule).join('\n'));
    },
  };
}

/** What a write would grant; undefined when it grants nothing new. */
function grantedRules(request: AdmissionRequest, view: AdmissionView): readonly PolicyRule[] | undefined {
  const { row, object, old, namespace } = request;
  if (row === ROLES || row === CLUSTER_ROLES) {
    const [now, before] = [object, old] as unknown as [Role | undefined, Role | undefined];
    const isUnchanged =
      isSame(now?.rules, before?.rules) && isSame(gathers(now) ?? '', gathers(before) ?? '');
    return isUnchanged ? undefined : (now?.rules ?? []);
  }
  if (row !== ROLE_BINDINGS && row !== CLUSTER_ROLE_BINDINGS) return undefined;
  const [now, before] = [object, old] as unknown as [RoleBinding | undefined, RoleBinding | undefined];
  if (!now || (before && isSame(now.subjects, before.subjects))) return undefined;
  const { kind, name } = now.roleRef;
  const role = kind === 'ClusterRole' ? view.get(CLUSTER_ROLES, '', name) : view.get(ROLES, namespace, name);
  // A role that is not there yet could become anything.
  return role ? effectiveRules(role as unknown as ClusterRole, view) : EVERYTHING;
}

/** To set a rule by which a role gathers others, or to take it away, since it can gather anything. */
function requireEverything(held: RuleLists, { row, name }: AdmissionRequest): void {
  if (uncoveredRules(held, EVERYTHING).length === 0) return;
  throw newForbidden(row, name, 'must have cluster-admin privileges to use the aggregationRule');
}

function gathers(role: unknown): ClusterRole['aggregationRule'] {
  return (role as ClusterRole | undefined)?.aggregationRule;
}

/** With what an aggregated role gathers: decisions follow its selectors, whether or not its rules were written down yet. */
function effectiveRules(role: ClusterRole, view: AdmissionView): readonly PolicyRule[] {
  const own = role.rules ?? [];
  const selectors = (gathers(role)?.clusterRoleSelectors ?? []).map(newSelectorMatcher);
  if (selectors.length === 0) return own;
  const others = view.list(CLUSTER_ROLES, '') as unknown as ClusterRole[];
  const chosen = others.filter(({ metadata }) => selectors.some((matches) => matches(metadata.labels)));
  return [...own, ...chosen.flatMap(({ rules }) => rules ?? [])];
}

function mayAnyway(authorizer: Pick<Authorizer, 'authorize'>, request: AdmissionRequest): boolean {
  const { row, object, user, namespace, name } = request;
  const isRole = row === ROLES || row === CLUSTER_ROLES;
  const roleRef = (object as unknown as RoleBinding | undefined)?.roleRef;
  const attributes: AccessAttributes = {
    user,
    isResourceRequest: true,
    verb: isRole ? 'escalate' : 'bind',
    path: '',
    group: row.group,
    version: row.version,
    resource: isRole ? row.resource : roleRef?.kind === 'ClusterRole' ? 'clusterroles' : 'roles',
    subresource: '',
    namespace,
    name: isRole ? name : (roleRef?.name ?? ''),
  };
  return authorizer.authorize(attributes).allowed;
}

type RuleLists = ReturnType<Authorizer['rulesFor']>;

/** The single permissions in `wanted` that no rule of `held` covers. */
export function uncoveredRules(held: RuleLists, wanted: readonly PolicyRule[]): PolicyRule[] {
  const own = [...held.resourceRules, ...held.nonResourceRules].map(compileRule);
  return wanted.flatMap(singleRules).filter((single) => {
    const attributes = toAttributes(single);
    return !own.some((rule) => rule.allows(attributes));
  });
}

/** Every combination of what a rule lists: one verb, one group, one resource, one name. */
function singleRules(rule: PolicyRule): PolicyRule[] {
  const names = rule.resourceNames?.length ? rule.resourceNames.map((name) => [name]) : [undefined];
  return rule.verbs.flatMap((verb) => [
    ...(rule.nonResourceURLs ?? []).map((url) => ({ verbs: [verb], nonResourceURLs: [url] })),
    ...(rule.apiGroups ?? []).flatMap((group) =>
      (rule.resources ?? []).flatMap((resource) =>
        names.map((resourceNames) => ({
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          ...(resourceNames ? { resourceNames } : {}),
        })),
      ),
    ),
  ]);
}

/** Wildcards stand for themselves: only a wildcard covers a wildcard. */
function toAttributes({
  verbs,
  apiGroups,
  resources,
  resourceNames,
  nonResourceURLs,
}: PolicyRule): AccessAttributes {
  const [resource = '', subresource = ''] = (resources?.[0] ?? '').split('/');
  return {
    user: { username: '', groups: [] },
    isResourceRequest: nonResourceURLs === undefined,
    verb: verbs[0] ?? '',
    path: nonResourceURLs?.[0] ?? '',
    group: apiGroups?.[0] ?? '',
    version: '',
    resource,
    subresource,
    namespace: '',
    name: resourceNames?.[0] ?? '',
  };
}

function isSame(a: unknown, b: unknown): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

function describeUser({ username, groups }: UserInfo): string {
  return `user ${JSON.stringify(username)} (groups=[${groups.map((group) => JSON.stringify(group)).join(' ')}])`;
}

/** `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get"]}`, as upstream prints a rule in short. */
function formatRule({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): string {
  const parts = {
    APIGroups: apiGroups,
    Resources: resources,
    ResourceNames: resourceNames,
    NonResourceURLs: nonResourceURLs,
    Verbs: verbs,
  };
  const texts = Object.entries(parts).flatMap(([name, list]) =>
    list ? `${name}:${JSON.stringify(list)}` : [],
  );
  return `{${texts.join(', ')}}`;
}
