/** A scope requirement of a quota as a requirement of a label that is named like the scope. */
import type { ScopedResourceSelectorRequirement } from '../generated/core-v1.ts';
import { type LabelRequirement, selectorRequirements } from '../selectors.ts';

export function selectorOf(requirement: ScopedResourceSelectorRequirement): LabelRequirement {
  const { scopeName, operator, values = [] } = requirement;
  return selectorRequirements({ matchExpressions: [{ key: scopeName, operator, values }] })[0]!;
}
