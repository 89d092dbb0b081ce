/** Validation of RuntimeClasses. @see kubernetes/kubernetes pkg/apis/node/validation/validation.go */
import type { Toleration } from '../generated/core-v1.ts';
import type { RuntimeClass } from '../generated/node-v1.ts';
import { validateResources } from './container-resources.ts';
import { named } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid } from './field-error.ts';
import { dns1123LabelProblem } from './names.ts';
import { validateLabels } from './object-meta.ts';
import { validateTolerations, whatItTolerates } from './tolerations.ts';

/** Objects come as they are sent: what is required may be absent. */
export function validateRuntimeClass({
  handler = '',
  overhead,
  scheduling,
}: Partial<RuntimeClass>): FieldError[] {
  const limits = overhead?.podFixed ?? {};
  return [
    ...named('handler', handler, dns1123LabelProblem(handler)),
    ...validateResources({ limits }, 'overhead'),
    ...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    ...validateTolerationSet(scheduling?.tolerations ?? [], 'scheduling.tolerations'),
  ];
}

/** Each once, however long it tolerates. */
function validateTolerationSet(tolerations: readonly Toleration[], field: string): FieldError[] {
  const seen = new Set<string>();
  const repeated = errorsOfEach(tolerations, (toleration, index) => {
    const what = whatItTolerates(toleration);
    if (seen.has(what)) return [duplicate(`${field}[${index}]`, toleration)];
    seen.add(what);
    return [];
  });
  return [...validateTolerations(tolerations, field), ...repeated];
}

export function validateRuntimeClassUpdate(runtimeClass: RuntimeClass, old: RuntimeClass): FieldError[] {
  const { handler } = runtimeClass;
  const changed = handler === old.handler ? [] : [invalid('handler', handler, 'field is immutable')];
  return [...validateRuntimeClass(runtimeClass), ...changed];
}
