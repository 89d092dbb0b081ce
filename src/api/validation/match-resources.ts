/** What admission policies and their bindings match. @see kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go */
import type { MatchResources, NamedRuleWithOperations } from '../generated/admissionregistration-v1.ts';
import { named } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, notSupported, required } from './field-error.ts';
import { pathSegmentProblem } from './names.ts';
import { validateLabelSelector } from './object-meta.ts';
import { validateRuleWithOperations } from './rule-with-operations.ts';

const POLICIES = ['Equivalent', 'Exact'];

/** Policy and selectors have defaults, so what is not there was said to be empty. */
export function validateMatchResources(match: MatchResources, at: string): FieldError[] {
  const { matchPolicy, resourceRules = [], excludeResourceRules = [] } = match;
  const errors: FieldError[] = [];
  if (!matchPolicy) errors.push(required(`${at}.matchPolicy`));
  else if (!POLICIES.includes(matchPolicy))
    errors.push(notSupported(`${at}.matchPolicy`, matchPolicy, POLICIES));
  for (const part of ['namespaceSelector', 'objectSelector'] as const) {
    if (match[part] === undefined) errors.push(required(`${at}.${part}`));
    else errors.push(...validateLabelSelector(match[part], `${at}.${part}`));
  }
  for (const [part, rules] of Object.entries({ resourceRules, excludeResourceRules }))
    errors.push(...errorsOfEach(rules, (rule, index) => validateNamedRule(rule, `${at}.${part}[${index}]`)));
  return errors;
}

function validateNamedRule(rule: NamedRuleWithOperations, at: string): FieldError[] {
  const seen = new Set<string>();
  const errors = errorsOfEach(rule.resourceNames ?? [], (name, index) => {
    const field = `${at}.resourceNames[${index}]`;
    const repeated = seen.has(name) ? [duplicate(field, name)] : [];
    seen.add(name);
    return [...named(field, name, pathSegmentProblem(name)), ...repeated];
  });
  return [...errors, ...validateRuleWithOperations(rule, at)];
}
