/**
 * `matchLabelKeys` and `mismatchLabelKeys`: a new Pod's own values of these labels narrow the selectors of its terms and
 * spread constraints. They are written into the selectors once, so a label that changes later changes nothing.
 *
 * @see kubernetes/kubernetes pkg/registry/core/pod/strategy.go applyMatchLabelKeysAndMismatchLabelKeys
 */
import type { Pod, PodAffinity } from './generated/core-v1.ts';
import type { LabelSelector, LabelSelectorRequirement } from './generated/meta-v1.ts';

interface KeyedSelector {
  labelSelector?: LabelSelector;
  matchLabelKeys?: readonly string[];
  mismatchLabelKeys?: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/** Of a Pod that is about to be created, in place. What selects nothing is not narrowed. */
export function mergeLabelKeys({ metadata, spec: { affinity, topologySpreadConstraints } }: Pod): void {
  const { labels = {} } = metadata;
  for (const constraint of topologySpreadConstraints ?? []) merge(constraint, labels);
  if (affinity === undefined) return;
  for (const terms of [affinity.podAffinity, affinity.podAntiAffinity]) mergeTerms(terms, labels);
}

function mergeTerms(affinity: PodAffinity | undefined, labels: Labels): void {
  for (const { podAffinityTerm } of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    merge(podAffinityTerm, labels);
  for (const term of affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) merge(term, labels);
}

/**
 * A key that the selector has already is written again: it is refused for that.
 *
 * @param term  absent where a required one is missing, which is refused later
 */
function merge(term: KeyedSelector | undefined, labels: Labels): void {
  const labelSelector = term?.labelSelector;
  if (term === undefined || labelSelector === undefined) return;
  const added = keyedExpressions(term, labels);
  if (added.length > 0)
    labelSelector.matchExpressions = [...(labelSelector.matchExpressions ?? []), ...added];
}

/** The selector with the keys that no server has written into it yet: of Pods that are older than that. */
export function narrowedSelector(term: KeyedSelector, labels: Labels = {}): LabelSelector | undefined {
  const { labelSelector } = term;
  const keyed = keyedExpressions(term, labels);
  if (labelSelector === undefined || keyed.length === 0) return labelSelector;
  const { matchExpressions = [] } = labelSelector;
  const known = new Set(matchExpressions.map(({ key }) => key));
  const missing = keyed.filter(({ key }) => !known.has(key));
  return { ...labelSelector, matchExpressions: [...matchExpressions, ...missing] };
}

function keyedExpressions(
  { matchLabelKeys = [], mismatchLabelKeys = [] }: KeyedSelector,
  labels: Labels,
): LabelSelectorRequirement[] {
  const expressionsOf = (keys: readonly string[], operator: string) =>
    keys
      .filter((key) => Object.hasOwn(labels, key))
      .map((key) => ({ key, operator, values: [labels[key]!] }));
  return [...expressionsOf(matchLabelKeys, 'In'), ...expressionsOf(mismatchLabelKeys, 'NotIn')];
}
