/**
 * Selectors and Pod templates of the kinds that keep Pods running: the selector must select the template's Pods.
 * @see k8s.io/kubernetes/pkg/apis/apps/validation/validation.go ValidatePodTemplateSpecForReplicaSet and its like
 */
import type { PodTemplateSpec } from '../generated/core-v1.ts';
import type { LabelSelector } from '../generated/meta-v1.ts';
import { equalJson } from '../json.ts';
import { type LabelMatcher, newSelectorMatcher } from '../selectors.ts';
import { type FieldError, forbidden, invalid, required } from './field-error.ts';
import { validateLabelSelector } from './object-meta.ts';
import { validatePodTemplate, validateRestartsAlways } from './pod-spec.ts';

/** Objects come as they are sent: what is required may be absent. */
export interface OwnerSpec {
  selector?: LabelSelector;
  template?: PodTemplateSpec;
}

/** How complaints call the owner. */
interface OwnerWords {
  /** Behind "empty selector is invalid for". */
  empty: string;
  /** Of a selector that cannot be understood. */
  malformed: string;
  /** Behind "activeDeadlineSeconds in". */
  deadline: string;
}

export function validateOwner({ selector, template }: OwnerSpec, words: OwnerWords): FieldError[] {
  const errors =
    selector === undefined ? [required('spec.selector')] : validateLabelSelector(selector, 'spec.selector');
  const isMalformed = selector !== undefined && errors.length > 0;
  if (isEmpty(selector)) errors.push(emptySelector(selector, words.empty));
  if (isMalformed) return [...errors, invalid('spec.selector', selector, words.malformed)];
  return [
    ...errors,
    ...(isEmpty(selector) ? [] : validateSelects(matcherOf(selector), template)),
    ...validateOwnedTemplate(template, words.deadline),
  ];
}

export function isEmpty(selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return false;
  return Object.keys(selector.matchLabels ?? {}).length === 0 && !selector.matchExpressions?.length;
}

export function emptySelector(selector: LabelSelector | undefined, owner: string): FieldError {
  return invalid('spec.selector', selector, `empty selector is invalid for ${owner}`);
}

/** No selector selects nothing. */
export function matcherOf(selector: LabelSelector | undefined): LabelMatcher {
  return selector === undefined ? () => false : newSelectorMatcher(selector);
}

export function validateSelects(selects: LabelMatcher, template: PodTemplateSpec | undefined): FieldError[] {
  const labels = template?.metadata?.labels;
  if (selects(labels)) return [];
  const why = '`selector` does not match template `labels`';
  return [invalid('spec.template.metadata.labels', shownLabels(labels), why)];
}

/** In the order of their keys, as upstream shows a map. */
export function shownLabels(labels: Record<string, string> | undefined): object | undefined {
  return labels && Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of Pods that are kept running. */
export function validateOwnedTemplate(template: PodTemplateSpec | undefined, owner: string): FieldError[] {
  const errors = [
    ...validatePodTemplate(template, 'spec.template'),
    ...validateRestartsAlways(template?.spec, 'spec.template.spec'),
  ];
  if (template?.spec?.activeDeadlineSeconds === undefined) return errors;
  const field = 'spec.template.spec.activeDeadlineSeconds';
  return [...errors, forbidden(field, `activeDeadlineSeconds in ${owner} is not Supported`)];
}

/** The selector of a workload says whose Pods are its own: it never changes. */
export function validateFixedSelector(spec: OwnerSpec, old: OwnerSpec): FieldError[] {
  const isSame = equalJson(spec.selector ?? null, old.selector ?? null);
  return isSame ? [] : [invalid('spec.selector', spec.selector, 'field is immutable')];
}
