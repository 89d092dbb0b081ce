/**
 * One RBAC rule, compiled so that a decision costs a few set look-ups.
 *
 * @see pkg/apis/rbac/v1/evaluation_helpers.go in kubernetes/kubernetes
 */
import type { PolicyRule } from '../../api/generated/rbac-v1.ts';
import type { AccessAttributes } from '../interfaces.ts';

const ANY = '*';

export interface CompiledRule {
  readonly source: PolicyRule;
  allows(attributes: AccessAttributes): boolean;
}

export function compileRule(source: PolicyRule): CompiledRule {
  const allowsVerb = memberOrAny(source.verbs);
  const allowsGroup = memberOrAny(source.apiGroups ?? []);
  const allowsResource = resourceMatcher(source.resources ?? []);
  const names = new Set(source.resourceNames ?? []);
  const allowsPath = pathMatcher(source.nonResourceURLs ?? []);
  return {
    source,
    allows(attributes) {
      if (!allowsVerb(attributes.verb)) return false;
      if (!attributes.isResourceRequest) return allowsPath(attributes.path);
      return (
        allowsGroup(attributes.group) &&
        allowsResource(attributes.resource, attributes.subresource) &&
        (names.size === 0 || names.has(attributes.name))
      );
    },
  };
}

function memberOrAny(list: readonly string[]): (value: string) => boolean {
  const members = new Set(list);
  return members.has(ANY) ? () => true : (value) => members.has(value);
}

/** `pods`, `pods/log`, `*` (everything) and `*` + `/scale` (that subresource of everything). */
function resourceMatcher(list: readonly string[]): (resource: string, subresource: string) => boolean {
  const members = new Set(list);
  if (members.has(ANY)) return () => true;
  return (resource, subresource) =>
    subresource === ''
      ? members.has(resource)
      : members.has(`${resource}/${subresource}`) || members.has(`*/${subresource}`);
}

/** A trailing `*` matches any rest. */
function pathMatcher(list: readonly string[]): (path: string) => boolean {
  const exact = new Set(list.filter((path) => !path.endsWith(ANY)));
  const prefixes = list.filter((path) => path.endsWith(ANY)).map((path) => path.replace(/\*+$/, ''));
  return (path) => exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix));
}
