/**
 * When a container is restarted: after it ends, and after what it asks for has changed.
 *
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateContainerRestartPolicy, validateResizePolicy
 */
import type { Container, ContainerResizePolicy, ContainerRestartRule } from '../generated/core-v1.ts';
import { oneOf } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, required, tooMany } from './field-error.ts';

const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];
const ACTIONS = ['Restart', 'RestartAllContainers'];
const OPERATORS = ['In', 'NotIn'];
const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;

/** A container's own policy, for what its Pod's would do else. */
export function validateContainerRestarts(container: Container, field: string): FieldError[] {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  const errors = oneOf(`${field}.restartPolicy`, restartPolicy, RESTART_POLICIES);
  if (rules.length === 0) return errors;
  if (restartPolicy === undefined)
    errors.push(required(`${field}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
  const path = `${field}.restartPolicyRules`;
  if (rules.length > RULES_MAX) errors.push(tooMany(path, rules.length, RULES_MAX));
  return [...errors, ...errorsOfEach(rules, (rule, index) => validateRule(rule, `${path}[${index}]`))];
}

function validateRule(
  { action = '', exitCodes }: Partial<ContainerRestartRule>,
  field: string,
): FieldError[] {
  const errors = oneOf(`${field}.action`, action, ACTIONS);
  if (exitCodes === undefined) return [...errors, required(`${field}.exitCodes`, 'must be specified')];
  errors.push(...oneOf(`${field}.exitCodes.operator`, exitCodes.operator ?? '', OPERATORS));
  const count = exitCodes.values?.length ?? 0;
  if (count > EXIT_CODES_MAX) errors.push(tooMany(`${field}.exitCodes.values`, count, EXIT_CODES_MAX));
  return errors;
}

/** @param podPolicy  the Pod's restartPolicy */
export function validateResizePolicies(
  policies: readonly ContainerResizePolicy[],
  field: string,
  podPolicy: string | undefined,
): FieldError[] {
  const names = new Set<string>();
  return errorsOfEach(policies, ({ resourceName, restartPolicy }, index) => {
    const errors = names.has(resourceName) ? [duplicate(`${field}[${index}]`, resourceName)] : [];
    names.add(resourceName);
    errors.push(
      ...wanted(field, resourceName, ['cpu', 'memory']),
      ...wanted(field, restartPolicy, ['NotRequired', 'RestartContainer']),
    );
    if (podPolicy === 'Never' && restartPolicy !== 'NotRequired')
      errors.push(invalid(field, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    return errors;
  });
}

function wanted(field: string, value: string, supported: readonly string[]): FieldError[] {
  return value ? oneOf(field, value, supported) : [required(field)];
}

/** An init container that runs to its end is never restarted for a resize. */
export function refuseResizeRestarts(
  policies: readonly ContainerResizePolicy[],
  field: string,
): FieldError[] {
  return errorsOfEach(policies, ({ restartPolicy }, index) =>
    restartPolicy === 'RestartContainer'
      ? [
          invalid(
            `${field}[${index}].restartPolicy`,
            restartPolicy,
            "must not be set to 'RestartContainer' for non-sidecar initContainers",
          ),
        ]
      : [],
  );
}
