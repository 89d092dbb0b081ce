/** Rules of admission policies and their bindings. @see kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go */
import type {
  AuditAnnotation,
  ExpressionWarning,
  MatchCondition,
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from '../generated/admissionregistration-v1.ts';
import { equalJson } from '../json.ts';
import {
  type CompiledPolicy,
  compileMutatingPolicy,
  compileValidatingPolicy,
} from '../policies/compile-policy.ts';
import { validateConditions } from './conditions.ts';
import { named, oneOf } from './field-checks.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  invalid,
  notSupported,
  required,
  untilMany,
} from './field-error.ts';
import { matchConditionErrors } from './match-conditions.ts';
import { validateMatchResources } from './match-resources.ts';
import { dns1123SubdomainProblem, qualifiedNameProblem, utf8Length } from './names.ts';
import { validateParamKind, validateParamRef } from './policy-params.ts';
import { unstoredProblems } from './stored-expressions.ts';

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const CONDITIONS = 'spec.matchConditions';
const MUTATING_OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];
const AUDIT_ANNOTATIONS_MAX = 20;
const AUDIT_EXPRESSION_MAX_BYTES = 5 * 1024;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @param old  what is stored: what is wrong with its expressions may stay */
export function validateValidatingPolicy(
  { spec, metadata }: ValidatingAdmissionPolicy,
  old?: ValidatingAdmissionPolicy,
): FieldError[] {
  const { validations = [], auditAnnotations = [] } = spec;
  const errors = commonErrors(spec, old?.spec);
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item';
    errors.push(required('spec.validations', detail), required('spec.auditAnnotations', detail));
  }
  for (const [index, validation] of untilMany(errors, validations.entries())) {
    errors.push(...validationErrors(validation, `spec.validations[${index}]`));
  }
  errors.push(...auditErrors(auditAnnotations, metadata.name));
  return [...errors, ...expressionErrors(spec, old?.spec, compileValidatingPolicy)];
}

/** @see validateValidatingAdmissionPolicyStatus; whether a reference is a JSONPath is not looked at */
export function validatePolicyStatus({ status = {} }: ValidatingAdmissionPolicy): FieldError[] {
  const { typeChecking, conditions = [] } = status;
  const at = 'status.typeChecking.expressionWarnings';
  return [
    ...errorsOfEach(
      typeChecking?.expressionWarnings ?? [],
      ({ warning, fieldRef }: Partial<ExpressionWarning>, i) => [
        ...(warning ? [] : [required(`${at}[${i}].warning`)]),
        ...(!fieldRef?.trim() ? [required(`${at}[${i}].fieldRef`)] : []),
      ],
    ),
    ...validateConditions(conditions, 'status.conditions'),
  ];
}

/** Their keys in the audit log are the policy's name and their own. */
function auditErrors(annotations: readonly AuditAnnotation[], policy: string): FieldError[] {
  const field = 'spec.auditAnnotations';
  const errors: FieldError[] = [];
  if (annotations.length > AUDIT_ANNOTATIONS_MAX) {
    const detail = `must not have more than ${AUDIT_ANNOTATIONS_MAX} auditAnnotations`;
    errors.push(invalid(field, annotations, detail));
  }
  const keys = new Set<string>();
  for (const [index, { key = '', valueExpression = '' }] of untilMany(errors, annotations.entries())) {
    const at = `${field}[${index}]`;
    const name = `${policy}/${key}`;
    errors.push(...named(`${at}.key`, name, qualifiedNameProblem(name)));
    if (valueExpression.trim() === '')
      errors.push(required(`${at}.valueExpression`, 'valueExpression is not specified'));
    else if (utf8Length(valueExpression.trim()) > AUDIT_EXPRESSION_MAX_BYTES) {
      const detail = `must not exceed ${AUDIT_EXPRESSION_MAX_BYTES} bytes in length`;
      errors.push(required(`${at}.valueExpression`, detail));
    }
    if (keys.has(key)) errors.push(duplicate(`${at}.key`, key));
    keys.add(key);
  }
  return errors;
}

/** @param old  what is stored: what is wrong with its expressions may stay */
export function validateMutatingPolicy(
  { spec }: MutatingAdmissionPolicy,
  old?: MutatingAdmissionPolicy,
): FieldError[] {
  const { mutations = [], reinvocationPolicy } = spec;
  const errors = commonErrors(spec, old?.spec);
  errors.push(...operationErrors(spec.matchConstraints, 'spec.matchConstraints'));
  if (mutations.length === 0)
    errors.push(required('spec.mutations', 'mutations must contain at least one item'));
  errors.push(
    ...errorsOfEach(mutations, (mutation, index) => mutationErrors(mutation, `spec.mutations[${index}]`)),
  );
  if (!reinvocationPolicy) errors.push(required('spec.reinvocationPolicy'));
  errors.push(...oneOf('spec.reinvocationPolicy', reinvocationPolicy || undefined, ['IfNeeded', 'Never']));
  return [...errors, ...expressionErrors(spec, old?.spec, compileMutatingPolicy)];
}

/** There is nothing to change in what is deleted. */
function operationErrors(match: MatchResources | undefined, at: string): FieldError[] {
  return errorsOfEach(match?.resourceRules ?? [], ({ operations = [] }) =>
    errorsOfEach(operations, (operation) =>
      oneOf(`${at}.resourceRules.operations`, operation, MUTATING_OPERATIONS),
    ),
  );
}

function mutationErrors(mutation: Mutation, at: string): FieldError[] {
  const { patchType } = mutation;
  if (!patchType) return [required(`${at}.patchType`)];
  if (patchType !== 'ApplyConfiguration' && patchType !== 'JSONPatch')
    return [notSupported(`${at}.patchType`, patchType, ['ApplyConfiguration', 'JSONPatch'])];
  const [wanted, other] =
    patchType === 'JSONPatch'
      ? (['jsonPatch', 'applyConfiguration'] as const)
      : (['applyConfiguration', 'jsonPatch'] as const);
  const errors: FieldError[] = [];
  const { [wanted]: patch, [other]: extra } = mutation;
  if (patch === undefined)
    errors.push(required(`${at}.${wanted}`, `must be specified when patchType is ${patchType}`));
  else if (!patch.expression?.trim()) errors.push(required(`${at}.${wanted}.expression`));
  if (extra !== undefined) {
    const why = `must not be specified when patchType is ${patchType}`;
    errors.push(invalid(`${at}.${other}`, `{${other}}`, why));
  }
  return errors;
}

export function validateValidatingBinding({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const errors = bindingErrors(spec);
  // Required, but it may be absent.
  const validationActions = (spec.validationActions as string[] | undefined) ?? [];
  const seen = new Set<string>();
  for (const [index, action] of untilMany(errors, validationActions.entries())) {
    const at = `spec.validationActions[${index}]`;
    if (!ACTIONS.includes(action)) errors.push(notSupported(at, action, ACTIONS));
    if (seen.has(action)) errors.push(duplicate(at, action));
    seen.add(action);
  }
  if (seen.has('Deny') && seen.has('Warn')) {
    const detail =
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
    errors.push(invalid('spec.validationActions', validationActions, detail));
  }
  if (validationActions.length === 0)
    errors.push(required('spec.validationActions', 'at least one validation action is required'));
  return errors;
}

export function validateMutatingBinding({ spec }: MutatingAdmissionPolicyBinding): FieldError[] {
  return [...bindingErrors(spec), ...operationErrors(spec.matchResources, 'spec.matchResources')];
}

interface CommonSpec {
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  failurePolicy?: string;
  matchConditions?: MatchCondition[];
  variables?: Variable[];
}

function commonErrors(spec: CommonSpec, old: CommonSpec | undefined): FieldError[] {
  const { paramKind, matchConstraints, failurePolicy, matchConditions = [], variables = [] } = spec;
  const errors = oneOf('spec.failurePolicy', failurePolicy, ['Fail', 'Ignore']);
  if (paramKind !== undefined) errors.push(...validateParamKind(paramKind, 'spec.paramKind'));
  if (matchConstraints === undefined) errors.push(required('spec.matchConstraints'));
  else {
    if ((matchConstraints.resourceRules ?? []).length === 0)
      errors.push(required('spec.matchConstraints.resourceRules'));
    errors.push(...validateMatchResources(matchConstraints, 'spec.matchConstraints'));
  }
  if (!keepsConditions(spec, old)) errors.push(...matchConditionErrors(matchConditions, CONDITIONS));
  return [...errors, ...variableErrors(variables)];
}

function variableErrors(variables: readonly Variable[]): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, { name, expression }] of untilMany(errors, variables.entries())) {
    const at = `spec.variables[${index}]`;
    if (!name) errors.push(required(`${at}.name`, 'name is not specified'));
    else if (!IDENTIFIER.test(name))
      errors.push(invalid(`${at}.name`, name, 'must be a valid CEL identifier'));
    else if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    if (!expression?.trim()) errors.push(required(`${at}.expression`, 'expression is not specified'));
  }
  return errors;
}

function validationErrors(
  { expression, message, messageExpression, reason }: Validation,
  at: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!expression?.trim()) errors.push(required(`${at}.expression`, 'expression is not specified'));
  if (messageExpression !== undefined && messageExpression !== '' && messageExpression.trim() === '')
    errors.push(invalid(`${at}.messageExpression`, messageExpression, 'must be non-empty if specified'));
  if (message && message.trim() === '')
    errors.push(invalid(`${at}.message`, message, 'must be non-empty if specified'));
  else if (/[\n\r]/.test(message?.trim() ?? ''))
    errors.push(invalid(`${at}.message`, message, 'must not contain line breaks'));
  if (reason && !REASONS.includes(reason)) errors.push(notSupported(`${at}.reason`, reason, REASONS));
  return errors;
}

function expressionErrors<T extends CommonSpec>(
  spec: T,
  old: T | undefined,
  compile: (spec: T) => CompiledPolicy,
): FieldError[] {
  const { problems } = compile(spec);
  const judged = keepsConditions(spec, old)
    ? problems.filter(({ field }) => !field.startsWith(CONDITIONS))
    : problems;
  const shown = old === undefined ? judged : unstoredProblems(judged, () => compile(old).problems);
  return errorsOfEach(shown, ({ field, expression, problem }) => [invalid(field, expression, problem)]);
}

/** Match conditions as they were, and about the same parameters, are not looked at. */
function keepsConditions(spec: CommonSpec, old: CommonSpec | undefined): boolean {
  const partOf = ({ paramKind, matchConditions = [] }: CommonSpec) => [paramKind, matchConditions];
  return old !== undefined && equalJson(partOf(spec), partOf(old));
}

function bindingErrors({
  policyName,
  paramRef,
  matchResources,
}: {
  policyName?: string;
  paramRef?: ParamRef;
  matchResources?: MatchResources;
}): FieldError[] {
  const errors: FieldError[] = [];
  if (!policyName) errors.push(required('spec.policyName'));
  else errors.push(...named('spec.policyName', policyName, dns1123SubdomainProblem(policyName)));
  if (paramRef !== undefined) errors.push(...validateParamRef(paramRef, 'spec.paramRef'));
  if (matchResources !== undefined)
    errors.push(...validateMatchResources(matchResources, 'spec.matchResources'));
  return errors;
}
