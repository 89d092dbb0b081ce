/** Validation of PriorityClasses. @see kubernetes/kubernetes pkg/apis/scheduling/validation/validation.go */
import { ownValue } from '../../base/own-value.ts';
import type { PriorityClass } from '../generated/scheduling-v1.ts';
import { oneInOrder } from './field-checks.ts';
import { type FieldError, forbidden, invalid, required } from './field-error.ts';

const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never'];
const SYSTEM_PREFIX = 'system-';
const USER_VALUE_MAX = 1_000_000_000;
/** Every cluster has them. */
const SYSTEM_VALUES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

/** Objects come as they are sent, without a name perhaps. A value of 0 is not stored. */
interface SentClass extends Omit<PriorityClass, 'metadata'> {
  metadata: Partial<PriorityClass['metadata']>;
}

export function validatePriorityClass(priorityClass: SentClass): FieldError[] {
  const { preemptionPolicy } = priorityClass;
  return [
    ...validateValue(priorityClass),
    ...(preemptionPolicy === undefined ? [] : validatePreemptionPolicy(preemptionPolicy, 'preemptionPolicy')),
  ];
}

/** Of Pods and of their classes. */
export function validatePreemptionPolicy(policy: string, field: string): FieldError[] {
  return policy === '' ? [required(field)] : oneInOrder(field, policy, PREEMPTION_POLICIES);
}

function validateValue({ metadata, value = 0, globalDefault }: SentClass): FieldError[] {
  const { name = '' } = metadata;
  if (name.startsWith(SYSTEM_PREFIX)) {
    const problem = systemProblem(name, value, globalDefault === true);
    const why = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${problem}`;
    return problem === undefined ? [] : [forbidden('metadata.name', why)];
  }
  const why = `maximum allowed value of a user defined priority is ${USER_VALUE_MAX}`;
  return value > USER_VALUE_MAX ? [forbidden('value', why)] : [];
}

function systemProblem(name: string, value: number, isDefault: boolean): string | undefined {
  const known = ownValue(SYSTEM_VALUES, name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`;
  return isDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

export function validatePriorityClassUpdate(priorityClass: PriorityClass, old: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if ((priorityClass.value ?? 0) !== (old.value ?? 0))
    errors.push(forbidden('value', 'may not be changed in an update.'));
  const { preemptionPolicy } = priorityClass;
  if (preemptionPolicy !== old.preemptionPolicy)
    errors.push(invalid('preemptionPolicy', preemptionPolicy, 'field is immutable'));
  return errors;
}
