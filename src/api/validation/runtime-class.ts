/** Validation of RuntimeClasses. @see kubernetes/kubernetes pkg/apis/node/validation/validation.go */
import type { RuntimeClass } from '../generated/node-v1.ts';
import { validateResources } from './container-resources.ts';
import { named } from './field-checks.ts';
import { type FieldError, invalid } from './field-error.ts';
import { dns1123LabelProblem } from './names.ts';
import { validateLabels } from './object-meta.ts';
import { validateTolerations } from './tolerations.ts';

/** Objects come as they are sent: what is required may be absent. */
export function validateRuntimeClass({
  handler = '',
  overhead,
  scheduling,
}: Partial<RuntimeClass>): FieldError[] {
  const limits = overhead?.podFixed ?? {};
  return [
    ...named('handler', handler, dns1123LabelProblem(handler)),
    ...validateResources({ limits }, 'overhead.podFixed'),
    ...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    ...validateTolerations(scheduling?.tolerations ?? [], 'scheduling.tolerations'),
  ];
}

export function validateRuntimeClassUpdate(runtimeClass: RuntimeClass, old: RuntimeClass): FieldError[] {
  const { handler } = runtimeClass;
  const changed = handler === old.handler ? [] : [invalid('handler', handler, 'field is immutable')];
  return [...validateRuntimeClass(runtimeClass), ...changed];
}
