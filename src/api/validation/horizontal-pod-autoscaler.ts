/**
 * Validation of HorizontalPodAutoscalers, of any version: all are judged as they are stored.
 * @see k8s.io/kubernetes/pkg/apis/autoscaling/validation/validation.go
 */
import { compareQuantities } from '../../base/quantity.ts';
import type {
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../generated/autoscaling-v2.ts';
import { validateMetric, validateReference } from './autoscaling-metrics.ts';
import { oneOf } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, notSupported, required } from './field-error.ts';
import { validateCounts } from './workload-status.ts';

type Spec = Partial<HorizontalPodAutoscaler['spec']>;

const PERIOD_MAX_SECONDS = 1800;
const WINDOW_MAX_SECONDS = 3600;
const SELECT_POLICIES = ['Disabled', 'Max', 'Min'];
const POLICY_TYPES = ['Percent', 'Pods'];

export function validateAutoscaler({ spec }: HorizontalPodAutoscaler): FieldError[] {
  return validateSpec(spec, 1);
}

/** What has scaled to nothing may go on doing so. */
export function validateAutoscalerUpdate(
  { spec }: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler,
): FieldError[] {
  return validateSpec(spec, old.spec.minReplicas === 0 ? 0 : 1);
}

export function validateAutoscalerStatus({ status }: HorizontalPodAutoscaler): FieldError[] {
  return validateCounts(status ?? {}, ['currentReplicas', 'desiredReplicas']);
}

function validateSpec(spec: Spec, least: number): FieldError[] {
  const { minReplicas, maxReplicas = 0, behavior } = spec;
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < least)
    errors.push(invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${least}`));
  if (maxReplicas < 1) errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'));
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    const why = 'must be greater than or equal to `minReplicas`';
    errors.push(invalid('spec.maxReplicas', maxReplicas, why));
  }
  return [
    ...errors,
    ...validateReference(spec.scaleTargetRef ?? {}, 'spec.scaleTargetRef'),
    ...validateMetrics(spec),
    ...validateRules(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...validateRules(behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ];
}

function validateMetrics({ metrics = [], minReplicas }: Spec): FieldError[] {
  const errors = errorsOfEach(metrics, (metric, index) => validateMetric(metric, `spec.metrics[${index}]`));
  const wakes = metrics.some(({ type }) => type === 'Object' || type === 'External');
  if (minReplicas !== 0 || wakes) return errors;
  const why = 'must specify at least one Object or External metric to support scaling to zero replicas';
  return [...errors, forbidden('spec.metrics', why)];
}

function validateRules(rules: HPAScalingRules | undefined, field: string): FieldError[] {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const errors: FieldError[] = [];
  const at = `${field}.stabilizationWindowSeconds`;
  if (window !== undefined && window < 0)
    errors.push(invalid(at, window, 'must be greater than or equal to zero'));
  if (window !== undefined && window > WINDOW_MAX_SECONDS)
    errors.push(invalid(at, window, `must be less than or equal to ${WINDOW_MAX_SECONDS}`));
  errors.push(...oneOf(`${field}.selectPolicy`, selectPolicy, SELECT_POLICIES));
  if (policies.length === 0) errors.push(required(`${field}.policies`, 'must specify at least one Policy'));
  errors.push(
    ...errorsOfEach(policies, (policy, index) => validatePolicy(policy, `${field}.policies[${index}]`)),
  );
  if (tolerance !== undefined && compareQuantities(tolerance, '0') < 0)
    errors.push(invalid(`${field}.tolerance`, tolerance, 'must be greater than or equal to zero'));
  return errors;
}

function validatePolicy(policy: Partial<HPAScalingPolicy>, field: string): FieldError[] {
  const { type = '', value = 0, periodSeconds: period = 0 } = policy;
  const errors: FieldError[] = [];
  if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`${field}.type`, type, POLICY_TYPES));
  if (value <= 0) errors.push(invalid(`${field}.value`, value, 'must be greater than zero'));
  if (period <= 0) errors.push(invalid(`${field}.periodSeconds`, period, 'must be greater than zero'));
  if (period > PERIOD_MAX_SECONDS) {
    const why = `must be less than or equal to ${PERIOD_MAX_SECONDS}`;
    errors.push(invalid(`${field}.periodSeconds`, period, why));
  }
  return errors;
}
