/**
 * Role-based access control: allowed when any rule that the user has, by name or by group, in the cluster or in the
 * namespace, covers the request. RBAC never denies: without such a rule it has no opinion.
 *
 * @see plugin/pkg/auth/authorizer/rbac/rbac.go and pkg/registry/rbac/validation/rule.go in kubernetes/kubernetes
 */
import type { Subject } from '../../api/generated/rbac-v1.ts';
import type { UserInfo } from '../../api/message.ts';
import type {
  AccessAttributes,
  AccessDecision,
  AccessRules,
  RequestAuthorizer,
  RulesResolver,
} from '../interfaces.ts';
import type { Grant, RbacIndex } from './rbac-index.ts';

export interface RbacAuthorizer extends RequestAuthorizer, RulesResolver {
  authorize(attributes: AccessAttributes): AccessDecision;
  rulesFor(user: UserInfo, namespace: string): AccessRules;
}

/** Decides by what `index` holds at that moment; a decision takes microseconds. */
export function newRbacAuthorizer(index: Pick<RbacIndex, 'grants' | 'rulesOf'>): RbacAuthorizer {
  return {
    authorize(attributes) {
      const missing: string[] = [];
      for (const grant of index.grants(attributes.user, attributes.namespace)) {
        const rules = index.rulesOf(grant);
        if (!rules) missing.push(describeMissingRole(grant));
        else if (rules.some((rule) => rule.allows(attributes))) {
          return { allowed: true, reason: `RBAC: allowed by ${describe(grant)}` };
        }
      }
      if (missing.length === 0) return { allowed: false };
      return { allowed: false, reason: `RBAC: ${joinErrors(missing)}` };
    },
    rulesFor(user, namespace) {
      const missing: string[] = [];
      const found: AccessRules = { resourceRules: [], nonResourceRules: [], incomplete: false };
      for (const grant of index.grants(user, namespace)) {
        const rules = index.rulesOf(grant);
        if (!rules) missing.push(describeMissingRole(grant));
        for (const { source } of rules ?? []) addRule(found, source);
      }
      return missing.length === 0 ? found : { ...found, evaluationError: joinErrors(missing) };
    },
  };
}

function addRule(
  found: AccessRules,
  { verbs, apiGroups, resources, resourceNames, nonResourceURLs }: AccessRuleSource,
): void {
  if (resources?.length) {
    found.resourceRules.push({
      verbs,
      apiGroups: apiGroups ?? [],
      resources,
      ...(resourceNames?.length ? { resourceNames } : {}),
    });
  }
  if (nonResourceURLs?.length) found.nonResourceRules.push({ verbs, nonResourceURLs });
}

type AccessRuleSource = AccessRules['resourceRules'][number] & { nonResourceURLs?: string[] };

/** `RoleBinding "b/ns" of Role "r" to User "u"`: upstream's words for why something is allowed. */
function describe({ binding, subject }: Grant): string {
  const { name, namespace } = binding.metadata;
  const bindingName = namespace ? `${name}/${namespace}` : name;
  const { kind, name: role } = binding.roleRef;
  return `${binding.kind} "${bindingName}" of ${kind} "${role}" to ${describeSubject(subject)}`;
}

function describeSubject({ kind, name, namespace }: Subject): string {
  return kind === 'ServiceAccount' ? `${kind} "${name}/${namespace ?? ''}"` : `${kind} "${name}"`;
}

function describeMissingRole({ binding }: Grant): string {
  const { kind, name } = binding.roleRef;
  return `${kind.toLowerCase()}.rbac.authorization.k8s.io "${name}" not found`;
}

function joinErrors(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`;
}
