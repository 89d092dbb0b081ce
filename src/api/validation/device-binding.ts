/**
 * Validation of what a Pod waits for before it is bound to a node for the sake of a device.
 * @see kubernetes/kubernetes pkg/apis/resource/validation/validation.go validateDeviceBindingParameters
 */
import { validateList, validateUnique } from './bounded-list.ts';
import { validateLabelKey } from './device-names.ts';
import { errorsOfEach, type FieldError, invalid } from './field-error.ts';

const CONDITIONS_MAX = 4;

interface BindingConditions {
  bindingConditions?: string[];
  bindingFailureConditions?: string[];
}

export function validateBindingConditions(
  { bindingConditions: ready, bindingFailureConditions: failed }: BindingConditions,
  at: string,
): FieldError[] {
  if (ready === undefined && failed === undefined) return [];
  const [field, failedField] = [`${at}.bindingConditions`, `${at}.bindingFailureConditions`];
  const [all, allFailed] = [ready ?? [], failed ?? []];
  const known = new Set(all);
  const overlap = errorsOfEach(allFailed, (name, index) =>
    known.has(name)
      ? [
          invalid(
            `${failedField}[${index}]`,
            name,
            'bindingFailureConditions must not overlap with bindingConditions',
          ),
        ]
      : [],
  );
  const errors = [
    ...validateList(all, CONDITIONS_MAX, field, validateLabelKey),
    ...validateList(allFailed, CONDITIONS_MAX, failedField, validateLabelKey),
    ...validateUnique(all, field),
    ...validateUnique(allFailed, failedField),
    ...overlap,
  ];
  if (all.length === 0 && allFailed.length > 0) {
    const why = 'bindingConditions are required to use bindingFailureConditions';
    errors.push(invalid(field, ready, why));
  }
  if (allFailed.length === 0 && all.length > 0) {
    const why = 'bindingFailureConditions are required to use bindingConditions';
    errors.push(invalid(failedField, failed, why));
  }
  return errors;
}
