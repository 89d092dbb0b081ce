/** What an aggregated ClusterRole grants: the rules of all that it selects, each once. Pure. */
import type { ClusterRole, PolicyRule } from '../../api/generated/rbac-v1.ts';
import { equalJson } from '../../api/json.ts';
import { newSelectorMatcher } from '../../api/selectors.ts';

/**
 * The rules that `role` should have; `undefined` when it has them, or gathers none. Selectors in their order, roles by name.
 *
 * @see kubernetes/kubernetes pkg/controller/clusterroleaggregation
 */
export function reconcileAggregation(
  role: ClusterRole | undefined,
  all: readonly ClusterRole[],
): PolicyRule[] | undefined {
  if (role?.aggregationRule === undefined) return undefined;
  const others = all
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
    const isSelected = newSelectorMatcher(selector);
    for (const other of others.filter(({ metadata }) => isSelected(metadata.labels))) {
      for (const rule of other.rules ?? [])
        if (!rules.some((known) => equalJson(known, rule))) rules.push(rule);
    }
  }
  return equalJson(rules, role.rules ?? []) ? undefined : rules;
}
