/**
 * Validation of Deployments.
 * @see k8s.io/kubernetes/pkg/apis/apps/validation/validation.go ValidateDeployment
 */
import type { Deployment, DeploymentStrategy } from '../generated/apps-v1.ts';
import { notNegative } from './field-checks.ts';
import { type FieldError, forbidden, invalid, notSupported } from './field-error.ts';
import { isNothing, validateAtMostAll, validateIntOrPercent } from './int-or-percent.ts';
import { REPLICA_SET_WORDS } from './replica-set.ts';
import { notAbove, validateCollisions, validateCounts } from './workload-status.ts';
import { validateOwner } from './workload-template.ts';

export function validateDeployment({ spec }: Deployment): FieldError[] {
  return [
    ...notNegative('spec.replicas', spec.replicas),
    ...validateOwner(spec, REPLICA_SET_WORDS),
    ...validateStrategy(spec.strategy ?? {}),
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ...validateDeadline(spec),
  ];
}

function validateDeadline({
  progressDeadlineSeconds: deadline,
  minReadySeconds: minReady = 0,
}: Deployment['spec']): FieldError[] {
  const field = 'spec.progressDeadlineSeconds';
  const errors = notNegative(field, deadline);
  if (deadline === undefined || deadline > minReady) return errors;
  return [...errors, invalid(field, deadline, 'must be greater than minReadySeconds')];
}

function validateStrategy({ type, rollingUpdate }: DeploymentStrategy): FieldError[] {
  const field = 'spec.strategy.rollingUpdate';
  if (type === 'RollingUpdate') return validateRollingUpdate(rollingUpdate ?? {}, field);
  if (type === 'Recreate') {
    if (rollingUpdate === undefined) return [];
    return [forbidden(field, "may not be specified when strategy `type` is 'Recreate'")];
  }
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {};
  const shown = rollingUpdate === undefined ? null : { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge };
  return [notSupported('spec.strategy', { Type: type, RollingUpdate: shown }, ['Recreate', 'RollingUpdate'])];
}

function validateRollingUpdate(
  { maxUnavailable, maxSurge }: NonNullable<DeploymentStrategy['rollingUpdate']>,
  field: string,
): FieldError[] {
  const errors = [
    ...validateIntOrPercent(maxUnavailable, `${field}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${field}.maxSurge`),
  ];
  if (isNothing(maxUnavailable) && isNothing(maxSurge)) {
    const why = 'may not be 0 when `maxSurge` is 0';
    errors.push(invalid(`${field}.maxUnavailable`, maxUnavailable ?? 0, why));
  }
  return [...errors, ...validateAtMostAll(maxUnavailable, `${field}.maxUnavailable`)];
}

export function validateDeploymentStatus({ status = {} }: Deployment, old: Deployment): FieldError[] {
  return [
    ...validateCounts(status, [
      'observedGeneration',
      'replicas',
      'updatedReplicas',
      'readyReplicas',
      'availableReplicas',
      'unavailableReplicas',
      'collisionCount',
    ]),
    ...notAbove(status, 'updatedReplicas', ['replicas', 'status.replicas']),
    ...notAbove(status, 'readyReplicas', ['replicas', 'status.replicas']),
    ...notAbove(status, 'availableReplicas', ['replicas', 'status.replicas']),
    ...notAbove(status, 'availableReplicas', ['readyReplicas', 'readyReplicas']),
    ...validateCollisions(status, old.status),
  ];
}
