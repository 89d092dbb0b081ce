/**
 * Validation of what a Pod says of the nodes it wants, and of the Pods it wants to be near or far from.
 * @see k8s.io/kubernetes/pkg/apis/core/validation/validation.go validateAffinity
 */
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../generated/core-v1.ts';
import { named } from './field-checks.ts';
import { errorsOfEach, type FieldError, forbidden, invalid, required } from './field-error.ts';
import { validateLabelKeys } from './label-keys.ts';
import {
  dns1123LabelProblem,
  dns1123SubdomainProblem,
  labelValueProblem,
  qualifiedNameProblem,
} from './names.ts';
import { validateLabelSelector } from './object-meta.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const NO_OPERATOR = 'not a valid selector operator';

/** @param field  of the affinity itself */
export function validateAffinity(
  { nodeAffinity, podAffinity, podAntiAffinity }: Affinity,
  field: string,
): FieldError[] {
  return [
    ...(nodeAffinity === undefined ? [] : validateNodeAffinity(nodeAffinity, `${field}.nodeAffinity`)),
    ...(podAffinity === undefined ? [] : validatePodAffinity(podAffinity, `${field}.podAffinity`)),
    ...(podAntiAffinity === undefined
      ? []
      : validatePodAffinity(podAntiAffinity, `${field}.podAntiAffinity`)),
  ];
}

function validateNodeAffinity(affinity: NodeAffinity, field: string): FieldError[] {
  const selector = affinity[REQUIRED];
  return [
    ...(selector === undefined ? [] : validateNodeSelector(selector, `${field}.${REQUIRED}`)),
    ...errorsOfEach(affinity[PREFERRED] ?? [], ({ weight, preference }, i) => {
      const path = `${field}.${PREFERRED}[${i}]`;
      // No node has such a label: a wish for an impossible value does no harm.
      const errors = validateNodeTerm(preference ?? {}, `${path}.preference`, () => undefined);
      return [...validateWeight(weight, path), ...errors];
    }),
  ];
}

export function validateNodeSelector(
  { nodeSelectorTerms = [] }: Partial<NodeSelector>,
  at: string,
): FieldError[] {
  const field = `${at}.nodeSelectorTerms`;
  if (nodeSelectorTerms.length === 0) return [required(field, 'must have at least one node selector term')];
  return errorsOfEach(nodeSelectorTerms, (term, i) =>
    validateNodeTerm(term, `${field}[${i}]`, labelValueProblem),
  );
}

type ValueRule = (value: string) => string | undefined;

function validateNodeTerm(term: NodeSelectorTerm, field: string, valueProblem: ValueRule): FieldError[] {
  return [
    ...errorsOfEach(term.matchExpressions ?? [], (requirement, i) =>
      validateNodeRequirement(requirement, `${field}.matchExpressions[${i}]`, valueProblem),
    ),
    ...errorsOfEach(term.matchFields ?? [], (requirement, i) =>
      validateNodeField(requirement, `${field}.matchFields[${i}]`),
    ),
  ];
}

function validateNodeRequirement(
  { key = '', operator, values = [] }: Partial<NodeSelectorRequirement>,
  field: string,
  valueProblem: ValueRule,
): FieldError[] {
  return [
    ...validateOperator(operator, values, field),
    ...named(`${field}.key`, key, qualifiedNameProblem(key)),
    ...errorsOfEach(values, (value, i) => named(`${field}.values[${i}]`, value, valueProblem(value))),
  ];
}

function validateOperator(operator = '', values: readonly string[], field: string): FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? []
        : [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [
            forbidden(
              `${field}.values`,
              "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
          ];
    case 'Gt':
    case 'Lt':
      return values.length === 1
        ? []
        : [required(`${field}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")];
    default:
      return [invalid(`${field}.operator`, operator, NO_OPERATOR)];
  }
}

/** Of the fields of a node only its name can be asked for. */
function validateNodeField(
  { key = '', operator = '', values = [] }: Partial<NodeSelectorRequirement>,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn')
    errors.push(invalid(`${field}.operator`, operator, NO_OPERATOR));
  else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(`${field}.values`, why));
  }
  if (key !== 'metadata.name')
    return [...errors, invalid(`${field}.key`, key, 'not a valid field selector key')];
  const names = errorsOfEach(values, (value, i) =>
    named(`${field}.values[${i}]`, value, dns1123SubdomainProblem(value)),
  );
  return [...errors, ...names];
}

/** The rules for nearness and for distance are the same. */
function validatePodAffinity(affinity: PodAffinity, field: string): FieldError[] {
  return [
    ...errorsOfEach(affinity[REQUIRED] ?? [], (term, i) =>
      validatePodTerm(term, `${field}.${REQUIRED}[${i}]`),
    ),
    ...errorsOfEach(affinity[PREFERRED] ?? [], ({ weight, podAffinityTerm }, i) => {
      const path = `${field}.${PREFERRED}[${i}]`;
      return [
        ...validateWeight(weight, path),
        ...validatePodTerm(podAffinityTerm ?? {}, `${path}.podAffinityTerm`),
      ];
    }),
  ];
}

function validatePodTerm(term: Partial<PodAffinityTerm>, field: string): FieldError[] {
  const { labelSelector, namespaceSelector, topologyKey = '', matchLabelKeys, mismatchLabelKeys } = term;
  return [
    ...validateLabelSelector(labelSelector, `${field}.labelSelector`),
    ...validateLabelSelector(namespaceSelector, `${field}.namespaceSelector`),
    ...errorsOfEach(term.namespaces ?? [], (name) =>
      named(`${field}.namespace`, name, dns1123LabelProblem(name)),
    ),
    ...validateLabelKeys({ labelSelector, matchLabelKeys, mismatchLabelKeys }, field),
    ...(topologyKey === '' ? [required(`${field}.topologyKey`, 'can not be empty')] : []),
    ...named(`${field}.topologyKey`, topologyKey, qualifiedNameProblem(topologyKey)),
  ];
}

function validateWeight(weight = 0, field: string): FieldError[] {
  return weight > 0 && weight <= 100
    ? []
    : [invalid(`${field}.weight`, weight, 'must be in the range 1-100')];
}
