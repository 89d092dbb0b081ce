/**
 * Validation of ReplicaSets and of ReplicationControllers, their predecessors.
 * @see k8s.io/kubernetes/pkg/apis/apps/validation/validation.go ValidateReplicaSet, and ValidateReplicationController of core
 */
import type { ReplicaSet, ReplicaSetStatus } from '../generated/apps-v1.ts';
import type { ReplicationController, ReplicationControllerStatus } from '../generated/core-v1.ts';
import { newEqualityMatcher } from '../selectors.ts';
import { notNegative } from './field-checks.ts';
import { type FieldError, required } from './field-error.ts';
import { notAbove, validateCounts } from './workload-status.ts';
import { validateOwnedTemplate, validateOwner, validateSelects } from './workload-template.ts';

/** Of ReplicaSets and of the Deployments that make them. */
export const REPLICA_SET_WORDS = {
  empty: 'deployment',
  malformed: 'invalid label selector',
  deadline: 'ReplicaSet',
};

export function validateReplicaSet({ spec }: ReplicaSet): FieldError[] {
  return [
    ...notNegative('spec.replicas', spec.replicas),
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateOwner(spec, REPLICA_SET_WORDS),
  ];
}

export function validateReplicationController({ spec }: ReplicationController): FieldError[] {
  const { selector = {}, template } = spec;
  const isUnselective = Object.keys(selector).length === 0;
  const errors = [
    ...notNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...(isUnselective ? [required('spec.selector')] : []),
    ...notNegative('spec.replicas', spec.replicas),
  ];
  if (template === undefined) return [...errors, required('spec.template')];
  return [
    ...errors,
    ...(isUnselective ? [] : validateSelects(newEqualityMatcher(selector), template)),
    ...validateOwnedTemplate(template, 'ReplicationController'),
  ];
}

interface WithReplicas {
  status?: Partial<ReplicaSetStatus | ReplicationControllerStatus>;
}

export function validateReplicasStatus({ status = {} }: WithReplicas): FieldError[] {
  return [
    ...validateCounts(status, [
      'replicas',
      'fullyLabeledReplicas',
      'readyReplicas',
      'availableReplicas',
      'observedGeneration',
    ]),
    ...notAbove(status, 'fullyLabeledReplicas', ['replicas', 'status.replicas']),
    ...notAbove(status, 'readyReplicas', ['replicas', 'status.replicas']),
    ...notAbove(status, 'availableReplicas', ['replicas', 'status.replicas']),
    ...notAbove(status, 'availableReplicas', ['readyReplicas', 'readyReplicas']),
  ];
}
