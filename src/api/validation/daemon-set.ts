/**
 * Validation of DaemonSets.
 * @see k8s.io/kubernetes/pkg/apis/apps/validation/validation.go ValidateDaemonSet
 */
import type { DaemonSet, DaemonSetUpdateStrategy } from '../generated/apps-v1.ts';
import { notNegative } from './field-checks.ts';
import { type FieldError, invalid, required, unsupported } from './field-error.ts';
import { isNothing, validateAtMostAll, validateIntOrPercent } from './int-or-percent.ts';
import { validateLabelSelector } from './object-meta.ts';
import { validateCollisions, validateCounts } from './workload-status.ts';
import {
  emptySelector,
  isEmpty,
  matcherOf,
  validateOwnedTemplate,
  validateSelects,
} from './workload-template.ts';

export function validateDaemonSet({ spec }: DaemonSet): FieldError[] {
  const { selector, template } = spec;
  const malformed = validateLabelSelector(selector, 'spec.selector');
  return [
    ...malformed,
    ...(malformed.length > 0 ? [] : validateSelects(matcherOf(selector), template)),
    ...(isEmpty(selector) ? [emptySelector(selector, 'daemonset')] : []),
    ...validateOwnedTemplate(template, 'DaemonSet'),
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateUpdateStrategy(spec.updateStrategy ?? {}),
    ...notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ];
}

function validateUpdateStrategy({ type, rollingUpdate }: DaemonSetUpdateStrategy): FieldError[] {
  if (type === 'OnDelete') return [];
  const field = 'spec.updateStrategy';
  if (type === 'RollingUpdate') return validateRollingUpdate(rollingUpdate ?? {}, `${field}.rollingUpdate`);
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate ?? {};
  const shown = rollingUpdate === undefined ? null : { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge };
  return [unsupported(field, { Type: type, RollingUpdate: shown }, ['RollingUpdate', 'OnDelete'])];
}

function validateRollingUpdate(
  { maxUnavailable, maxSurge }: NonNullable<DaemonSetUpdateStrategy['rollingUpdate']>,
  field: string,
): FieldError[] {
  const errors = [
    ...validateIntOrPercent(maxUnavailable, `${field}.maxUnavailable`),
    ...validateIntOrPercent(maxSurge, `${field}.maxSurge`),
    ...validateAtMostAll(maxUnavailable, `${field}.maxUnavailable`),
    ...validateAtMostAll(maxSurge, `${field}.maxSurge`),
  ];
  if (isNothing(maxUnavailable) && isNothing(maxSurge))
    errors.push(required(`${field}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  if (!isNothing(maxUnavailable) && !isNothing(maxSurge))
    errors.push(invalid(`${field}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  return errors;
}

export function validateDaemonSetStatus({ status }: DaemonSet, old: DaemonSet): FieldError[] {
  return [
    ...validateCounts(status ?? {}, [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ]),
    ...validateCollisions(status, old.status),
  ];
}
