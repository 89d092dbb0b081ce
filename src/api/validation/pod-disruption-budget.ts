/**
 * Validation of PodDisruptionBudgets.
 * @see k8s.io/kubernetes/pkg/apis/policy/validation/validation.go
 */
import type { PodDisruptionBudget } from '../generated/policy-v1.ts';
import { validateConditions } from './conditions.ts';
import { oneOf } from './field-checks.ts';
import { type FieldError, invalid } from './field-error.ts';
import { validateAtMostAll, validateIntOrPercent } from './int-or-percent.ts';
import { validateLabelSelector } from './object-meta.ts';
import { validateCounts } from './workload-status.ts';

const EVICTION_POLICIES = ['AlwaysAllow', 'IfHealthyBudget'];

export function validatePodDisruptionBudget({ spec = {} }: Partial<PodDisruptionBudget>): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
    };
    errors.push(invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set'));
  }
  return [
    ...errors,
    ...validateIntOrPercent(minAvailable, 'spec.minAvailable'),
    ...validateAtMostAll(minAvailable, 'spec.minAvailable'),
    ...validateIntOrPercent(maxUnavailable, 'spec.maxUnavailable'),
    ...validateAtMostAll(maxUnavailable, 'spec.maxUnavailable'),
    ...validateLabelSelector(selector, 'spec.selector'),
    ...oneOf('spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, EVICTION_POLICIES),
  ];
}

export function validatePodDisruptionBudgetStatus({ status }: PodDisruptionBudget): FieldError[] {
  return [
    ...validateConditions(status?.conditions ?? [], 'status.conditions'),
    ...validateCounts(status ?? {}, [
      'disruptionsAllowed',
      'currentHealthy',
      'desiredHealthy',
      'expectedPods',
    ]),
  ];
}
