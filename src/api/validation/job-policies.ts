/**
 * Validation of what a Job takes for failure and for success.
 * @see k8s.io/kubernetes/pkg/apis/batch/validation/validation.go validatePodFailurePolicy, validateSuccessPolicy
 */
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../generated/batch-v1.ts';
import { named, notNegative } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  invalid,
  invalidWhole,
  notSupported,
  required,
  tooLong,
  tooMany,
} from './field-error.ts';
import { readIndexes } from './job-indexes.ts';
import { qualifiedNameProblem } from './names.ts';

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];
const RULES_MAX = 20;
const EXIT_CODES_MAX = 255;
const CONDITIONS_MAX = 20;
const INDEXES_MAX_BYTES = 64 * 1024;

export function validateFailurePolicy(spec: Partial<JobSpec>, field: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name }) => name));
  const hasLimitPerIndex = spec.backoffLimitPerIndex !== undefined;
  return [
    ...limited(rules, `${field}.rules`, RULES_MAX),
    ...errorsOfEach(rules, (rule, index) => {
      const at = `${field}.rules[${index}]`;
      return [
        ...validateAction(rule.action, `${at}.action`, hasLimitPerIndex),
        ...validateRequirements(rule, at, names),
      ];
    }),
  ];
}

function limited(list: readonly unknown[], field: string, max: number): FieldError[] {
  return list.length > max ? [tooMany(field, list.length, max)] : [];
}

/** `["In" "NotIn"]`, as Go shows a list. */
function wanted(field: string, values: readonly string[]): FieldError {
  return required(field, `valid values: [${values.map((value) => `"${value}"`).join(' ')}]`);
}

function chosen(value: string | undefined, field: string, values: readonly string[]): FieldError[] {
  if (!value) return [wanted(field, values)];
  return values.includes(value) ? [] : [notSupported(field, value, values)];
}

function validateAction(action: string | undefined, field: string, hasLimitPerIndex: boolean): FieldError[] {
  if (action === 'FailIndex' && !hasLimitPerIndex)
    return [invalid(field, action, 'requires the backoffLimitPerIndex to be set')];
  return chosen(action, field, ACTIONS);
}

function validateRequirements(
  { onExitCodes, onPodConditions = [] }: PodFailurePolicyRule,
  at: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors = [
    ...(onExitCodes === undefined ? [] : validateExitCodes(onExitCodes, `${at}.onExitCodes`, names)),
    ...limited(onPodConditions, `${at}.onPodConditions`, CONDITIONS_MAX),
    ...errorsOfEach(onPodConditions, (pattern, index) =>
      validatePattern(pattern, `${at}.onPodConditions[${index}]`),
    ),
  ];
  const hasCodes = onExitCodes !== undefined;
  const hasConditions = onPodConditions.length > 0;
  if (hasCodes !== hasConditions) return errors;
  const what = hasCodes
    ? 'both OnExitCodes and OnPodConditions is not supported'
    : 'one of OnExitCodes and OnPodConditions is required';
  return [...errors, invalidWhole(at, `specifying ${what}`)];
}

function validatePattern(
  { type = '', status }: Partial<PodFailurePolicyOnPodConditionsPattern>,
  at: string,
): FieldError[] {
  return [
    ...named(`${at}.type`, type, qualifiedNameProblem(type)),
    ...chosen(status, `${at}.status`, STATUSES),
  ];
}

function validateExitCodes(
  { operator, containerName, values }: Partial<PodFailurePolicyOnExitCodesRequirement>,
  at: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors = chosen(operator, `${at}.operator`, OPERATORS);
  if (containerName !== undefined && !names.has(containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(`${at}.containerName`, containerName, why));
  }
  const codes = values ?? [];
  if (codes.length === 0) errors.push(invalid(`${at}.values`, values, 'at least one value is required'));
  errors.push(...limited(codes, `${at}.values`, EXIT_CODES_MAX));
  const seen = new Set<number>();
  errors.push(
    ...errorsOfEach(codes, (code, index) => {
      const field = `${at}.values[${index}]`;
      const zero =
        operator === 'In' && code === 0 ? [invalid(field, code, 'must not be 0 for the In operator')] : [];
      const repeated = seen.has(code) ? [duplicate(field, code)] : [];
      seen.add(code);
      return [...zero, ...repeated];
    }),
  );
  const isOrdered = codes.every((code, index) => index === 0 || codes[index - 1]! <= code);
  return isOrdered ? errors : [...errors, invalid(`${at}.values`, codes, 'must be ordered')];
}

export function validateSuccessPolicy(spec: Partial<JobSpec>, field: string): FieldError[] {
  const rules = spec.successPolicy?.rules ?? [];
  if (spec.completionMode !== 'Indexed') {
    const shown = rules.map(({ succeededIndexes = null, succeededCount = null }) => ({
      SucceededIndexes: succeededIndexes,
      SucceededCount: succeededCount,
    }));
    return [invalid(field, { Rules: shown }, 'requires indexed completion mode')];
  }
  const none = 'at least one rules must be specified when the successPolicy is specified';
  return [
    ...(rules.length === 0 ? [required(`${field}.rules`, none)] : []),
    ...limited(rules, `${field}.rules`, RULES_MAX),
    ...errorsOfEach(rules, (rule, index) =>
      validateSuccessRule(rule, `${field}.rules[${index}]`, spec.completions ?? 0),
    ),
  ];
}

function validateSuccessRule(
  { succeededIndexes, succeededCount: count }: SuccessPolicyRule,
  at: string,
  completions: number,
): FieldError[] {
  const errors: FieldError[] = [];
  if (count === undefined && succeededIndexes === undefined)
    errors.push(required(at, 'at least one of succeededCount or succeededIndexes must be specified'));
  let total: number | undefined;
  if (succeededIndexes !== undefined) {
    const field = `${at}.succeededIndexes`;
    if (succeededIndexes.length > INDEXES_MAX_BYTES) errors.push(tooLong(field, INDEXES_MAX_BYTES));
    const read = readIndexes(succeededIndexes, completions);
    total = 'total' in read ? read.total : 0;
    if ('problem' in read)
      errors.push(invalid(field, succeededIndexes, `error parsing succeededIndexes: ${read.problem}`));
  }
  if (count === undefined) return errors;
  const field = `${at}.succeededCount`;
  const atMost = (limit: number, what: string) =>
    count > limit
      ? [invalid(field, count, `must be less than or equal to ${limit} (the number of ${what})`)]
      : [];
  errors.push(...notNegative(field, count), ...atMost(completions, 'specified completions'));
  if (total === undefined) return errors;
  return [...errors, ...atMost(total, 'indexes in the specified succeededIndexes field')];
}
