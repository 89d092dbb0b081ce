/** Rules of admission policies and their bindings. @see kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go */
import type {
  MatchCondition,
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  NamedRuleWithOperations,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
  Variable,
} from '../generated/admissionregistration-v1.ts';
import {
  type CompiledPolicy,
  compileMutatingPolicy,
  compileValidatingPolicy,
} from '../policies/compile-policy.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  untilMany,
} from './field-error.ts';
import { matchConditionErrors } from './match-conditions.ts';

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function validateValidatingPolicy({ spec }: ValidatingAdmissionPolicy): FieldError[] {
  const { validations = [], auditAnnotations = [] } = spec;
  const errors = commonErrors(spec);
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item';
    errors.push(required('spec.validations', detail), required('spec.auditAnnotations', detail));
  }
  for (const [index, validation] of untilMany(errors, validations.entries())) {
    errors.push(...validationErrors(validation, `spec.validations[${index}]`));
  }
  const keys = new Set<string>();
  for (const [index, { key, valueExpression }] of untilMany(errors, auditAnnotations.entries())) {
    const at = `spec.auditAnnotations[${index}]`;
    if (!key) errors.push(required(`${at}.key`));
    else if (keys.has(key)) errors.push(duplicate(`${at}.key`, key));
    keys.add(key);
    if (!valueExpression?.trim())
      errors.push(required(`${at}.valueExpression`, 'valueExpression is not specified'));
  }
  return [...errors, ...expressionErrors(compileValidatingPolicy(spec))];
}

export function validateMutatingPolicy({ spec }: MutatingAdmissionPolicy): FieldError[] {
  const { mutations = [], reinvocationPolicy } = spec;
  const errors = commonErrors(spec);
  if (mutations.length === 0)
    errors.push(required('spec.mutations', 'mutations must contain at least one item'));
  for (const [index, { patchType, applyConfiguration, jsonPatch }] of untilMany(
    errors,
    mutations.entries(),
  )) {
    const at = `spec.mutations[${index}]`;
    const types = ['ApplyConfiguration', 'JSONPatch'];
    if (!types.includes(patchType)) {
      errors.push(
        patchType ? notSupported(`${at}.patchType`, patchType, types) : required(`${at}.patchType`),
      );
      continue;
    }
    const isPatch = patchType === 'JSONPatch';
    const [field, wanted, other] = isPatch
      ? (['jsonPatch', jsonPatch, applyConfiguration] as const)
      : (['applyConfiguration', applyConfiguration, jsonPatch] as const);
    if (!wanted?.expression?.trim()) {
      errors.push(required(`${at}.${field}.expression`, 'expression is not specified'));
    }
    if (other !== undefined) {
      const extra = isPatch ? 'applyConfiguration' : 'jsonPatch';
      errors.push(forbidden(`${at}.${extra}`, `is not allowed when patchType is ${patchType}`));
    }
  }
  const policies = ['IfNeeded', 'Never'];
  if (!reinvocationPolicy) errors.push(required('spec.reinvocationPolicy'));
  else if (!policies.includes(reinvocationPolicy))
    errors.push(notSupported('spec.reinvocationPolicy', reinvocationPolicy, policies));
  return [...errors, ...expressionErrors(compileMutatingPolicy(spec))];
}

export function validateValidatingBinding({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const errors = bindingErrors(spec);
  // Required, but it may be absent.
  const validationActions = (spec.validationActions as string[] | undefined) ?? [];
  if (validationActions.length === 0) errors.push(required('spec.validationActions'));
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
  return errors;
}

export function validateMutatingBinding({ spec }: MutatingAdmissionPolicyBinding): FieldError[] {
  return bindingErrors(spec);
}

interface CommonSpec {
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  failurePolicy?: string;
  matchConditions?: MatchCondition[];
  variables?: Variable[];
}

function commonErrors({
  paramKind,
  matchConstraints,
  failurePolicy,
  matchConditions = [],
  variables = [],
}: CommonSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (failurePolicy && !['Fail', 'Ignore'].includes(failurePolicy)) {
    errors.push(notSupported('spec.failurePolicy', failurePolicy, ['Fail', 'Ignore']));
  }
  if (paramKind !== undefined && !paramKind.apiVersion) errors.push(required('spec.paramKind.apiVersion'));
  if (paramKind !== undefined && !paramKind.kind) errors.push(required('spec.paramKind.kind'));
  if (matchConstraints === undefined) errors.push(required('spec.matchConstraints'));
  else {
    if ((matchConstraints.resourceRules ?? []).length === 0)
      errors.push(required('spec.matchConstraints.resourceRules'));
    errors.push(...matchErrors(matchConstraints, 'spec.matchConstraints'));
  }
  errors.push(...matchConditionErrors(matchConditions, 'spec.matchConditions'));
  return [...errors, ...variableErrors(variables)];
}

function variableErrors(variables: readonly Variable[]): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, { name, expression }] of untilMany(errors, variables.entries())) {
    const at = `spec.variables[${index}]`;
    if (!name) errors.push(required(`${at}.name`, 'name is not specified'));
    else if (!IDENTIFIER.test(name))
      errors.push(invalid(`${at}.name`, name, 'name is not a valid CEL identifier'));
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
    errors.push(invalid(`${at}.message`, message, 'message must be non-empty if specified'));
  else if (message?.trim().includes('\n'))
    errors.push(invalid(`${at}.message`, message, 'message must not contain line breaks'));
  else if (!message && expression?.trim().includes('\n'))
    errors.push(required(`${at}.message`, 'message must be specified if expression contains line breaks'));
  if (reason && !REASONS.includes(reason)) errors.push(notSupported(`${at}.reason`, reason, REASONS));
  return errors;
}

function expressionErrors({ problems }: CompiledPolicy): FieldError[] {
  return errorsOfEach(problems, ({ field, expression, problem }) => [invalid(field, expression, problem)]);
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
  if (paramRef !== undefined) {
    const { name, selector, parameterNotFoundAction } = paramRef;
    if (name && selector) {
      const detail = 'name and selector are mutually exclusive';
      errors.push(forbidden('spec.paramRef.name', detail), forbidden('spec.paramRef.selector', detail));
    } else if (!name && selector === undefined) {
      errors.push(required('spec.paramRef', 'one of name or selector must be specified'));
    }
    const actions = ['Allow', 'Deny'];
    if (parameterNotFoundAction && !actions.includes(parameterNotFoundAction)) {
      errors.push(notSupported('spec.paramRef.parameterNotFoundAction', parameterNotFoundAction, actions));
    }
  }
  if (matchResources !== undefined) errors.push(...matchErrors(matchResources, 'spec.matchResources'));
  return errors;
}

function matchErrors(
  { matchPolicy, resourceRules = [], excludeResourceRules = [] }: MatchResources,
  at: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const policies = ['Equivalent', 'Exact'];
  if (matchPolicy && !policies.includes(matchPolicy)) {
    errors.push(notSupported(`${at}.matchPolicy`, matchPolicy, policies));
  }
  for (const [index, rule] of untilMany(errors, resourceRules.entries()))
    errors.push(...ruleErrors(rule, `${at}.resourceRules[${index}]`));
  for (const [index, rule] of untilMany(errors, excludeResourceRules.entries()))
    errors.push(...ruleErrors(rule, `${at}.excludeResourceRules[${index}]`));
  return errors;
}

function ruleErrors(rule: NamedRuleWithOperations, at: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['operations', 'apiGroups', 'apiVersions', 'resources'] as const) {
    const values = rule[field] ?? [];
    if (values.length === 0) errors.push(required(`${at}.${field}`));
    if (values.length > 1 && values.includes('*')) {
      const detail = "if '*' is present, must not specify other ".concat(
        field === 'apiGroups' ? 'API groups' : field === 'apiVersions' ? 'API versions' : field,
      );
      errors.push(invalid(`${at}.${field}`, values, detail));
    }
  }
  for (const [index, operation] of untilMany(errors, (rule.operations ?? []).entries())) {
    if (!OPERATIONS.includes(operation))
      errors.push(notSupported(`${at}.operations[${index}]`, operation, OPERATIONS));
  }
  const scopes = ['*', 'Cluster', 'Namespaced'];
  if (rule.scope && !scopes.includes(rule.scope))
    errors.push(notSupported(`${at}.scope`, rule.scope, scopes));
  return errors;
}
