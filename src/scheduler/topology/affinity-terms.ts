/**
 * A Pod's rules about the Pods around it, parsed once: which Pods a term means, and over which label of the nodes.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/types.go AffinityTerm
 */
import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../../api/generated/core-v1.ts';
import { namespaceOf } from '../../api/meta.ts';
import {
  type LabelMatcher,
  type LabelRequirement,
  type Labels,
  newSelectorMatcher,
  selectorRequirements,
  toLabelMatcher,
} from '../../api/selectors.ts';

/** Labels of a namespace by its name; `undefined` for one that is not known. */
export type NamespaceLabels = (namespace: string) => Labels | undefined;

export interface AffinityTerm {
  readonly topologyKey: string;
  /** True when the term means a Pod of `namespace` with `labels`. */
  matches(namespace: string, labels: Labels, namespaceLabels: NamespaceLabels): boolean;
}

export interface WeightedTerm extends AffinityTerm {
  readonly weight: number;
}

export interface PodAffinityRules {
  readonly requiredAffinity: readonly AffinityTerm[];
  readonly requiredAntiAffinity: readonly AffinityTerm[];
  readonly preferredAffinity: readonly WeightedTerm[];
  readonly preferredAntiAffinity: readonly WeightedTerm[];
}

export function hasPodAffinity({ spec: { affinity } }: Pod): boolean {
  return affinity?.podAffinity !== undefined || affinity?.podAntiAffinity !== undefined;
}

export function newPodAffinityRules(pod: Pod): PodAffinityRules {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  const required = (terms: readonly PodAffinityTerm[] = []) => terms.map((term) => newTerm(pod, term));
  const preferred = (terms: readonly WeightedPodAffinityTerm[] = []) =>
    terms.map(({ weight, podAffinityTerm }) => ({ ...newTerm(pod, podAffinityTerm), weight }));
  return {
    requiredAffinity: required(podAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    requiredAntiAffinity: required(podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    preferredAffinity: preferred(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
    preferredAntiAffinity: preferred(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution),
  };
}

/** Without namespaces and without a selector of them, a term means Pods of the Pod's own namespace. */
function newTerm(pod: Pod, term: PodAffinityTerm): AffinityTerm {
  const { topologyKey, namespaceSelector } = term;
  const isDefault = !term.namespaces?.length && namespaceSelector === undefined;
  const named = new Set(isDefault ? [namespaceOf(pod)] : term.namespaces);
  const selects = newSelectorMatcher(namespaceSelector);
  const matchesLabels = labelsOf(pod, term);
  return {
    topologyKey,
    matches: (namespace, labels, namespaceLabels) =>
      (named.has(namespace) || selects(namespaceLabels(namespace))) && matchesLabels(labels),
  };
}

/**
 * The selector, narrowed by `matchLabelKeys` and `mismatchLabelKeys` to the Pod's own values. A server that has already
 * written them into the selector makes no difference: the same requirement twice.
 */
function labelsOf({ metadata }: Pod, term: PodAffinityTerm): LabelMatcher {
  if (term.labelSelector === undefined) return () => false;
  const keyed = (keys: readonly string[] = [], operator: 'in' | 'notin'): LabelRequirement[] =>
    keys.flatMap((key) => {
      const value = metadata.labels?.[key];
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    });
  return toLabelMatcher([
    ...selectorRequirements(term.labelSelector),
    ...keyed(term.matchLabelKeys, 'in'),
    ...keyed(term.mismatchLabelKeys, 'notin'),
  ]);
}
