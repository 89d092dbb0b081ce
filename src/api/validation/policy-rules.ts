/** Validation of Roles and ClusterRoles. @see kubernetes/kubernetes pkg/apis/rbac/validation/validation.go */
import type { ClusterRole, PolicyRule, Role } from '../generated/rbac-v1.ts';
import { errorsOfEach, type FieldError, invalid, required } from './field-error.ts';

export function validateRole({ rules }: Role): FieldError[] {
  return errorsOfEach(rules ?? [], (rule, index) => validateRule(rule, `rules[${index}]`, true));
}

export function validateClusterRole({ rules }: ClusterRole): FieldError[] {
  return errorsOfEach(rules ?? [], (rule, index) => validateRule(rule, `rules[${index}]`, false));
}

/** A rule is about resources or about paths that are none, never about both. */
function validateRule(rule: Partial<PolicyRule>, field: string, isNamespaced: boolean): FieldError[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const errors =
    verbs.length > 0 ? [] : [required(`${field}.verbs`, 'verbs must contain at least one value')];
  if (nonResourceURLs.length > 0) {
    const faults: string[] = [];
    if (isNamespaced) faults.push('namespaced rules cannot apply to non-resource URLs');
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0)
      faults.push('rules cannot apply to both regular resources and non-resource URLs');
    return [...errors, ...faults.map((fault) => invalid(`${field}.nonResourceURLs`, nonResourceURLs, fault))];
  }
  if (apiGroups.length === 0)
    errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  if (resourceNames.length > 0 && resources.length > 1)
    errors.push(required(`${field}.resourceNames`, 'resource names cannot apply to multiple resources'));
  return errors;
}
