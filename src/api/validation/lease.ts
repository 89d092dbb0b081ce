/**
 * Validation of Leases.
 * @see k8s.io/kubernetes/pkg/apis/coordination/validation/validation.go
 */
import type { Lease } from '../generated/coordination-v1.ts';
import { named, notNegative } from './field-checks.ts';
import { type FieldError, forbidden, invalid, notSupported } from './field-error.ts';
import { qualifiedNameProblem } from './names.ts';

const STRATEGIES = ['OldestEmulationVersion'];

export function validateLease({ spec }: Lease): FieldError[] {
  if (spec === undefined) return [];
  const { leaseDurationSeconds: duration, strategy, preferredHolder } = spec;
  const errors: FieldError[] = [];
  if (duration !== undefined && duration <= 0)
    errors.push(invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
  errors.push(...notNegative('spec.leaseTransitions', spec.leaseTransitions));
  if (strategy !== undefined) errors.push(...validateStrategy(strategy));
  if (preferredHolder && !strategy)
    errors.push(forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
  return errors;
}

/** Upstream names the field twice in its path. */
function validateStrategy(strategy: string): FieldError[] {
  const field = 'spec.strategy.strategy';
  if (strategy.includes('/')) return named(field, strategy, qualifiedNameProblem(strategy));
  return STRATEGIES.includes(strategy) ? [] : [notSupported(field, strategy, STRATEGIES)];
}
