/**
 * A Pod's rules about the Pods around it, parsed once: which Pods a term means, and over which label of the nodes.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/types.go AffinityTerm
 */
import type { Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '../../api/generated/core-v1.ts';
import { narrowedSelector } from '../../api/label-keys.ts';
import { namespaceOf } from '../../api/meta.ts';
import { type Labels, newSelectorMatcher } from '../../api/selectors.ts';

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
  const matchesLabels = newSelectorMatcher(narrowedSelector(term, pod.metadata.labels));
  return {
    topologyKey,
    matches: (namespace, labels, namespaceLabels) =>
      (named.has(namespace) || selects(namespaceLabels(namespace))) && matchesLabels(labels),
  };
}
