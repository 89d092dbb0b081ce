/**
 * Validation of Jobs.
 * @see k8s.io/kubernetes/pkg/apis/batch/validation/validation.go
 */
import type { Job } from '../generated/batch-v1.ts';
import { notNegative, oneOf } from './container.ts';
import type { FieldError } from './field-error.ts';
import { validatePodTemplate } from './pod-spec.ts';

export function validateJob({ spec }: Job): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy;
  return [
    ...notNegative('spec.parallelism', spec.parallelism),
    ...notNegative('spec.completions', spec.completions),
    ...notNegative('spec.backoffLimit', spec.backoffLimit),
    ...notNegative('spec.ttlSecondsAfterFinished', spec.ttlSecondsAfterFinished),
    ...validatePodTemplate(spec.template, 'spec.template'),
    ...(policy === 'Always' ? oneOf('spec.template.spec.restartPolicy', policy, ['OnFailure', 'Never']) : []),
  ];
}
