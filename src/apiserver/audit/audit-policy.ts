/**
 * Which requests are written down, and how much of each: the first rule that fits decides, and none means nothing.
 *
 * @see k8s.io/apiserver/pkg/audit/policy/checker.go
 */
import type { AccessAttributes } from '../interfaces.ts';

/** Each level has what the one before it has. */
export const AUDIT_LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const;
export type AuditLevel = (typeof AUDIT_LEVELS)[number];

export const AUDIT_STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type AuditStage = (typeof AUDIT_STAGES)[number];

/** An empty list is no condition. */
export interface AuditRule {
  level: AuditLevel;
  users: readonly string[];
  userGroups: readonly string[];
  verbs: readonly string[];
  resources: readonly AuditedResources[];
  /** `''`: what is in no namespace. */
  namespaces: readonly string[];
  nonResourceUrls: readonly string[];
  /** Those of the whole policy included. */
  omitStages: ReadonlySet<AuditStage>;
  omitManagedFields: boolean;
}

export interface AuditedResources {
  group: string;
  /** `pods`, `pods/log`, `pods/*`, `*` + `/scale`, `*`; empty: all of the group. */
  resources: readonly string[];
  resourceNames: readonly string[];
}

export interface AuditPolicy {
  rules: readonly AuditRule[];
}

/** What a rule looks at; nobody's user is absent. */
export type AuditedAttributes = Omit<AccessAttributes, 'user' | 'fieldSelector'> &
  Partial<Pick<AccessAttributes, 'user'>>;

/** The rule that decides about a request; `undefined` when it is not to be written down. */
export function auditRuleFor(policy: AuditPolicy, attributes: AuditedAttributes): AuditRule | undefined {
  const rule = policy.rules.find((candidate) => fits(candidate, attributes));
  return rule?.level === 'None' ? undefined : rule;
}

function fits(rule: AuditRule, attributes: AuditedAttributes): boolean {
  const { user, verb } = attributes;
  if (rule.users.length > 0 && !(user && rule.users.includes(user.username))) return false;
  if (rule.userGroups.length > 0 && !user?.groups.some((group) => rule.userGroups.includes(group)))
    return false;
  if (rule.verbs.length > 0 && !rule.verbs.includes(verb)) return false;
  if (rule.namespaces.length > 0 || rule.resources.length > 0) return fitsResource(rule, attributes);
  return rule.nonResourceUrls.length === 0 || fitsPath(rule, attributes);
}

function fitsPath({ nonResourceUrls }: AuditRule, { isResourceRequest, path }: AuditedAttributes): boolean {
  if (isResourceRequest) return false;
  return nonResourceUrls.some(
    (url) => url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, ''))),
  );
}

function fitsResource({ namespaces, resources }: AuditRule, attributes: AuditedAttributes): boolean {
  if (!attributes.isResourceRequest) return false;
  if (namespaces.length > 0 && !namespaces.includes(attributes.namespace)) return false;
  return resources.length === 0 || resources.some((listed) => isAmong(listed, attributes));
}

function isAmong({ group, resources, resourceNames }: AuditedResources, asked: AuditedAttributes): boolean {
  if (group !== asked.group) return false;
  if (resources.length === 0) return true;
  if (resourceNames.length > 0 && !resourceNames.includes(asked.name)) return false;
  const { resource, subresource } = asked;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return resources.some(
    (pattern) =>
      pattern === full ||
      pattern === '*' ||
      pattern === `${resource}/*` ||
      (subresource !== '' && pattern === `*/${subresource}`),
  );
}
