/**
 * Validation of ResourceQuotas: names that quotas know, whole numbers where things are counted, scopes that fit.
 *
 * @see kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateResourceQuota; pkg/apis/core/helper
 */

import { ownValue } from '../../base/own-value.ts';
import { parseQuantityMilli } from '../../base/quantity.ts';
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../generated/core-v1.ts';
import { isNegativeQuantity, type ResourceList } from '../resource-list.ts';
import { isCountedResource, isStandardResource } from '../resource-names.ts';
import { errorsOfEach, type FieldError, invalid, required } from './field-error.ts';
import { validateResourceName } from './resource-name.ts';

const POD_COMPUTE = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];
const OF_PODS = new Set(['pods', ...POD_COMPUTE]);
const OF_CLAIMS = new Set(['persistentvolumeclaims', 'requests.storage']);

/** What a quota with the scope may limit, of the standard names. */
const SCOPES: Readonly<Record<string, ReadonlySet<string>>> = {
  BestEffort: new Set(['pods']),
  CrossNamespacePodAffinity: OF_PODS,
  NotBestEffort: OF_PODS,
  NotTerminating: OF_PODS,
  PriorityClass: OF_PODS,
  Terminating: OF_PODS,
  VolumeAttributesClass: OF_CLAIMS,
};
/** Scopes that have no values. */
const PLAIN_SCOPES = new Set([
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'Terminating',
]);
const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

export function validateResourceQuota({ spec }: ResourceQuota): FieldError[] {
  const { hard = {} } = spec ?? {};
  return [...validateList(hard, 'spec.hard'), ...validateScopes(spec ?? {}), ...validateSelector(spec ?? {})];
}

export function validateResourceQuotaUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const scopesOf = ({ spec }: ResourceQuota) => [...new Set(spec?.scopes ?? [])].sort();
  const isSame = JSON.stringify(scopesOf(quota)) === JSON.stringify(scopesOf(old));
  const changed = isSame ? [] : [invalid('spec.scopes', quota.spec?.scopes, 'field is immutable')];
  return [...validateResourceQuota(quota), ...changed];
}

export function validateResourceQuotaStatus({ status }: ResourceQuota): FieldError[] {
  return [
    ...validateList(status?.hard ?? {}, 'status.hard'),
    ...validateList(status?.used ?? {}, 'status.used'),
  ];
}

function validateList(list: ResourceList, field: string): FieldError[] {
  return errorsOfEach(Object.keys(list).sort(), (name) => [
    ...validateName(name, `${field}[${name}]`),
    ...validateResourceAmount(name, list[name]!, `${field}[${name}]`),
  ]);
}

function validateName(name: string, field: string): FieldError[] {
  const errors = validateResourceName(name, field);
  if (name.includes('/') || isStandard(name)) return errors;
  return [...errors, invalid(field, name, 'must be a standard resource for quota')];
}

function isStandard(name: string): boolean {
  return name !== 'storage' && isStandardResource(name);
}

/** Of a resource: nothing negative, and only whole numbers of what is counted. */
export function validateResourceAmount(name: string, amount: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (isNegativeQuantity(amount)) errors.push(invalid(field, amount, 'must be greater than or equal to 0'));
  const isWhole = (parseQuantityMilli(amount) ?? 0n) % 1000n === 0n;
  if (isCountedResource(name) && !isWhole) errors.push(invalid(field, amount, 'must be an integer'));
  return errors;
}

type Spec = Partial<ResourceQuota['spec']>;

function validateScopes({ scopes, hard = {} }: Spec): FieldError[] {
  if (scopes === undefined || scopes.length === 0) return [];
  const field = 'spec.scopes';
  // Each shows all scopes, and may have to be said of each.
  const unsupported = invalid(field, scopes, 'unsupported scope');
  const unfitting = invalid(field, scopes, 'unsupported scope applied to resource');
  const errors = errorsOfEach(scopes, (scope) => [
    ...(Object.hasOwn(SCOPES, scope) ? [] : [unsupported]),
    ...unfit(scope, hard).map(() => unfitting),
  ]);
  return [...errors, ...conflicts(scopes).map(() => invalid(field, scopes, 'conflicting scopes'))];
}

/** The names in `hard` that do not go with `scope`. */
function unfit(scope: string, hard: ResourceList): string[] {
  const allowed = ownValue(SCOPES, scope);
  return Object.keys(hard).filter((name) => isStandard(name) && allowed?.has(name) === false);
}

function conflicts(scopes: readonly string[]): (typeof OPPOSITES)[number][] {
  return OPPOSITES.filter((pair) => pair.every((scope) => scopes.includes(scope)));
}

function validateSelector({ scopeSelector, scopes, hard = {} }: Spec): FieldError[] {
  const field = 'spec.scopeSelector.matchExpressions';
  const expressions = scopeSelector?.matchExpressions ?? [];
  const shown = {
    MatchExpressions: expressions.map(({ scopeName, operator, values = null }) => ({
      ScopeName: scopeName,
      Operator: operator,
      Values: values,
    })),
  };
  // Shows all of them, and may have to be said of each.
  const unfitting = invalid(field, shown, 'unsupported scope applied to resource');
  const errors = errorsOfEach(expressions, (expression) => [
    ...validateExpressionScope(expression, field),
    ...unfit(expression.scopeName, hard).map(() => unfitting),
    ...validateOperator(expression, field),
  ]);
  const names = expressions.map(({ scopeName }) => scopeName);
  return [...errors, ...conflicts(names).map(() => invalid(field, scopes ?? null, 'conflicting scopes'))];
}

function validateExpressionScope(
  { scopeName }: ScopedResourceSelectorRequirement,
  field: string,
): FieldError[] {
  return Object.hasOwn(SCOPES, scopeName)
    ? []
    : [invalid(`${field}.scopeName`, scopeName, 'unsupported scope')];
}

function validateOperator(
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (PLAIN_SCOPES.has(scopeName) && operator !== 'Exists') {
    const why =
      "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
    errors.push(invalid(`${field}.operator`, operator, why));
  }
  if (operator === 'In' || operator === 'NotIn') {
    const why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (values.length === 0) errors.push(required(`${field}.values`, why));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values.length > 0) errors.push(invalid(`${field}.values`, values, why));
  } else errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'));
  return errors;
}
