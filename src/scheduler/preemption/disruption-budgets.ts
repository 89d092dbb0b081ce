/**
 * Which of some Pods could not go without breaking a disruption budget, if they all went. Preemption prefers others, but
 * does not stop at budgets.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/defaultpreemption filterPodsWithPDBViolation
 */
import type { PodDisruptionBudget } from '../../api/generated/policy-v1.ts';
import { type LabelMatcher, selectorRequirements, toLabelMatcher } from '../../api/selectors.ts';
import type { PodInfo } from '../pod-info.ts';

/** Budgets of one namespace. */
export type BudgetsOf = (namespace: string) => readonly PodDisruptionBudget[];

/**
 * Those of `victims` that break a budget. They are counted in the given order, so with one disruption allowed and two Pods of
 * the same budget it is the second that breaks it.
 */
export function findBreaches(victims: readonly PodInfo[], budgetsOf: BudgetsOf): ReadonlySet<PodInfo> {
  const allowances = new Map<string, Allowance[]>();
  const breaches = new Set<PodInfo>();
  for (const info of victims) {
    const { name, namespace = '', labels = {} } = info.pod.metadata;
    if (Object.keys(labels).length === 0) continue;
    const inNamespace = allowances.get(namespace) ?? budgetsOf(namespace).map(newAllowance);
    allowances.set(namespace, inNamespace);
    for (const allowance of inNamespace) {
      // One that is named there has been counted by the API server already.
      if (!allowance.matches(labels) || allowance.disrupted.has(name)) continue;
      allowance.left--;
      if (allowance.left < 0) breaches.add(info);
    }
  }
  return breaches;
}

interface Allowance {
  matches: LabelMatcher;
  disrupted: ReadonlySet<string>;
  left: number;
}

/** An empty selector matches nothing here, as upstream has it. */
function newAllowance({ spec, status }: PodDisruptionBudget): Allowance {
  const requirements = selectorRequirements(spec?.selector ?? {});
  return {
    matches: requirements.length === 0 ? () => false : toLabelMatcher(requirements),
    disrupted: new Set(Object.keys(status?.disruptedPods ?? {})),
    left: status?.disruptionsAllowed ?? 0,
  };
}
