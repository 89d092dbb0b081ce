/** Validation of what a Pod waits for: before it is scheduled, and before it counts as ready. */
import type { PodReadinessGate, PodSchedulingGate } from '../generated/core-v1.ts';
import { named } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, forbidden } from './field-error.ts';
import { qualifiedNameProblem } from './names.ts';

export function validateReadinessGates(gates: readonly PodReadinessGate[], field: string): FieldError[] {
  return errorsOfEach(gates, ({ conditionType = '' }: Partial<PodReadinessGate>, i) =>
    named(`${field}[${i}].conditionType`, conditionType, qualifiedNameProblem(conditionType)),
  );
}

export function validateSchedulingGates(gates: readonly PodSchedulingGate[], field: string): FieldError[] {
  const seen = new Set<string>();
  return errorsOfEach(gates, ({ name = '' }: Partial<PodSchedulingGate>, i) => {
    const errors = named(`${field}[${i}]`, name, qualifiedNameProblem(name));
    if (seen.has(name)) errors.push(duplicate(`${field}[${i}]`, name));
    seen.add(name);
    return errors;
  });
}

/** Gates only open. */
export function validateSchedulingGatesUpdate(
  gates: readonly PodSchedulingGate[] = [],
  old: readonly PodSchedulingGate[] = [],
  field: string,
): FieldError[] {
  const before = new Set(old.map(({ name }) => name));
  return errorsOfEach(gates, ({ name }, i) =>
    before.has(name)
      ? []
      : [
          forbidden(
            `${field}[${i}].name`,
            `only deletion is allowed, but found new scheduling gate '${name}'`,
          ),
        ],
  );
}
