/** Rules of match conditions, of policies and of webhooks. @see kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go */
import type { MatchCondition } from '../generated/admissionregistration-v1.ts';
import { namedRequired } from './field-checks.ts';
import { duplicate, type FieldError, required, tooMany, untilMany } from './field-error.ts';
import { qualifiedNameProblem } from './names.ts';

const CONDITIONS_MAX = 64;

/** Of everything but what the expressions say. */
export function matchConditionErrors(conditions: readonly MatchCondition[], at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (conditions.length > CONDITIONS_MAX) errors.push(tooMany(at, conditions.length, CONDITIONS_MAX));
  const names = new Set<string>();
  for (const [index, { name, expression }] of untilMany(errors, conditions.entries())) {
    const place = `${at}[${index}]`;
    if (!expression?.trim()) errors.push(required(`${place}.expression`));
    errors.push(...namedRequired(`${place}.name`, name, qualifiedNameProblem));
    if (name && names.has(name)) errors.push(duplicate(`${place}.name`, name));
    names.add(name);
  }
  return errors;
}
