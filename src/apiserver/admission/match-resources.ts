/**
 * Which requests a policy or webhook is about: rules of resources and operations, selectors of namespaces and objects.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/policy/matching/matching.go, plugin/webhook/predicates
 */
import type {
  MatchResources,
  NamedRuleWithOperations,
} from '../../api/generated/admissionregistration-v1.ts';
import type { LabelSelector } from '../../api/generated/meta-v1.ts';
import { NAMESPACES, type ResourceRow } from '../../api/resources.ts';
import { newSelectorMatcher } from '../../api/selectors.ts';
import type { ApiObject } from '../api-object.ts';
import type { KindCatalog } from '../kinds.ts';
import type { AdmissionRequest, AdmissionView } from './admission.ts';

const CONFIGURATIONS = new Set([
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'validatingwebhookconfigurations',
]);

/** What configures admission is never subject to it: a mistake there could not be mended. */
export function isExempt({ row }: AdmissionRequest): boolean {
  return row.group === 'admissionregistration.k8s.io' && CONFIGURATIONS.has(row.resource);
}

export class ResourceMatcher {
  readonly #kinds: KindCatalog;

  constructor(kinds: KindCatalog) {
    this.#kinds = kinds;
  }

  /** `undefined` when the request does not match, else the row by which it does: of another version, perhaps. */
  match(
    match: MatchResources | undefined,
    request: AdmissionRequest,
    view: AdmissionView,
  ): ResourceRow | undefined {
    const { resourceRules, excludeResourceRules, matchPolicy } = match ?? {};
    if (!matchesSelectors(match ?? {}, request, view)) return undefined;
    const isExact = matchPolicy === 'Exact';
    if (this.rowByRules(excludeResourceRules ?? [], request, isExact) !== undefined) return undefined;
    if (resourceRules === undefined || resourceRules.length === 0) return request.row;
    return this.rowByRules(resourceRules, request, isExact);
  }

  /** The row of `request.row`'s resource of which the rules are; of another version only unless `isExact`. */
  rowByRules(
    rules: readonly NamedRuleWithOperations[],
    request: RuleSubject,
    isExact: boolean,
  ): ResourceRow | undefined {
    if (rules.some((rule) => matchesRule(rule, request, request.row))) return request.row;
    if (isExact || rules.length === 0) return undefined;
    const { storageGroupVersion, storageResource } = request.row;
    return this.#kinds.rows.find(
      (row) =>
        row.storageResource === storageResource &&
        row.storageGroupVersion === storageGroupVersion &&
        rules.some((rule) => matchesRule(rule, request, row)),
    );
  }
}

/** What rules look at. */
export type RuleSubject = Pick<AdmissionRequest, 'operation' | 'row' | 'subresource' | 'name'>;

/** Whether the namespace and the object (the new or the old one) are those that a policy or webhook is about. */
export function matchesSelectors(
  { namespaceSelector, objectSelector }: Pick<MatchResources, 'namespaceSelector' | 'objectSelector'>,
  request: AdmissionRequest,
  view: AdmissionView,
): boolean {
  return matchesNamespace(namespaceSelector, request, view) && matchesObject(objectSelector, request);
}

/** @param row  as which the resource of the request is looked at */
function matchesRule(rule: NamedRuleWithOperations, request: RuleSubject, row: ResourceRow): boolean {
  const { operations = [], apiGroups = [], apiVersions = [], resourceNames = [], scope } = rule;
  const isAnyOf = (values: readonly string[], value: string) =>
    values.includes('*') || values.includes(value);
  if (!isAnyOf(operations, request.operation) || !isAnyOf(apiGroups, row.group)) return false;
  if (!isAnyOf(apiVersions, row.version) || !matchesScope(scope, row)) return false;
  if (resourceNames.length > 0 && !resourceNames.includes(request.name)) return false;
  const { subresource } = request;
  return (rule.resources ?? []).some((wanted) => {
    const [resource, part = ''] = wanted.split('/');
    return (resource === '*' || resource === row.resource) && (part === '*' || part === subresource);
  });
}

function matchesScope(scope: string | undefined, { namespaced }: ResourceRow): boolean {
  if (scope === undefined || scope === '' || scope === '*') return true;
  return (scope === 'Namespaced') === namespaced;
}

function isEmpty(selector: LabelSelector | undefined): boolean {
  return (
    selector === undefined ||
    ((selector.matchExpressions ?? []).length === 0 && Object.keys(selector.matchLabels ?? {}).length === 0)
  );
}

/** Objects outside namespaces match any selector; a Namespace is in itself. */
function matchesNamespace(
  selector: LabelSelector | undefined,
  { row, object, old, namespace }: AdmissionRequest,
  view: AdmissionView,
): boolean {
  if (isEmpty(selector)) return true;
  const isNamespace = row === NAMESPACES;
  if (!isNamespace && namespace === '') return true;
  const around = isNamespace ? (object ?? old) : view.get(NAMESPACES, '', namespace);
  return newSelectorMatcher(selector)(around?.metadata.labels);
}

/** The new object or the old one. */
function matchesObject(selector: LabelSelector | undefined, { object, old }: AdmissionRequest): boolean {
  if (isEmpty(selector)) return true;
  const matches = newSelectorMatcher(selector);
  const fits = (one: ApiObject | undefined) => one !== undefined && matches(one.metadata.labels);
  return fits(object) || fits(old);
}
