/** Defaults of admission policies and their bindings. @see kubernetes/kubernetes pkg/apis/admissionregistration/v1/defaults.go */
import type {
  MatchResources,
  NamedRuleWithOperations,
  ParamRef,
} from '../generated/admissionregistration-v1.ts';

export function defaultPolicy({
  spec,
}: {
  spec: { failurePolicy?: string; matchConstraints?: MatchResources };
}): void {
  spec.failurePolicy ??= 'Fail';
  defaultMatch(spec.matchConstraints);
}

export function defaultPolicyBinding({
  spec,
}: {
  spec: { paramRef?: ParamRef; matchResources?: MatchResources };
}): void {
  if (spec.paramRef !== undefined) spec.paramRef.parameterNotFoundAction ??= 'Deny';
  defaultMatch(spec.matchResources);
}

function defaultMatch(match: MatchResources | undefined): void {
  if (match === undefined) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  const rules: NamedRuleWithOperations[] = [
    ...(match.resourceRules ?? []),
    ...(match.excludeResourceRules ?? []),
  ];
  for (const rule of rules) rule.scope ??= '*';
}
