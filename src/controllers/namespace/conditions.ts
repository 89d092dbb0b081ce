/**
 * What a namespace says of itself while it is being deleted. Pure.
 * @see k8s.io/kubernetes/pkg/controller/namespace/deletion/status_condition_utils.go
 */
import type { NamespaceCondition } from '../../api/generated/core-v1.ts';
import { toTimestamp } from '../../base/clock.ts';

/** What is left of a namespace's content. */
export interface RemainingContent {
  /** Instances by `pods.` or `deployments.apps`: resource, dot, group. */
  resources: ReadonlyMap<string, number>;
  /** Instances by finalizer. */
  finalizers: ReadonlyMap<string, number>;
  /** What could not be deleted or listed, in words. */
  failures: readonly string[];
  /** `group/version` of extension API servers that could not be asked what they hold. */
  unknown: readonly string[];
}

interface ConditionText {
  type: string;
  reason: string;
  message: string;
}

const GOOD: readonly ConditionText[] = [
  {
    type: 'NamespaceDeletionDiscoveryFailure',
    reason: 'ResourcesDiscovered',
    message: 'All resources successfully discovered',
  },
  {
    type: 'NamespaceDeletionGroupVersionParsingFailure',
    reason: 'ParsedGroupVersions',
    message: 'All legacy kube types successfully parsed',
  },
  {
    type: 'NamespaceDeletionContentFailure',
    reason: 'ContentDeleted',
    message: 'All content successfully deleted, may be waiting on finalization',
  },
  {
    type: 'NamespaceContentRemaining',
    reason: 'ContentRemoved',
    message: 'All content successfully removed',
  },
  {
    type: 'NamespaceFinalizersRemaining',
    reason: 'ContentHasNoFinalizers',
    message: 'All content-preserving finalizers finished',
  },
];

/** One condition of each type; one that still says the same keeps its time. */
export function deletionConditions(
  current: readonly NamespaceCondition[],
  remaining: RemainingContent,
  nowMs: number,
): NamespaceCondition[] {
  const bad = new Map(problems(remaining).map((text) => [text.type, text]));
  const own = GOOD.map((good): NamespaceCondition => {
    const problem = bad.get(good.type);
    const facts = { ...(problem ?? good), status: problem === undefined ? 'False' : 'True' };
    const before = current.find(({ type }) => type === good.type);
    const isSame = before?.status === facts.status && before.message === facts.message;
    return isSame ? before : { ...facts, lastTransitionTime: toTimestamp(nowMs) };
  });
  const foreign = current.filter(({ type }) => !GOOD.some((good) => good.type === type));
  return [...foreign, ...own];
}

function problems({ resources, finalizers, failures, unknown }: RemainingContent): ConditionText[] {
  const texts: ConditionText[] = [];
  if (unknown.length > 0) {
    const parts = unknown.map((name) => `${name}: stale GroupVersion discovery: ${name}`);
    const message = `Discovery failed for some groups, ${unknown.length} failing: unable to retrieve the complete list of server APIs: ${parts.join(', ')}`;
    texts.push({ type: 'NamespaceDeletionDiscoveryFailure', reason: 'DiscoveryFailed', message });
  }
  if (failures.length > 0) {
    const message = `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`;
    texts.push({ type: 'NamespaceDeletionContentFailure', reason: 'ContentDeletionFailed', message });
  }
  if (resources.size > 0) {
    const parts = sorted(resources).map(([name, count]) => `${name} has ${count} resource instances`);
    const message = `Some resources are remaining: ${parts.join(', ')}`;
    texts.push({ type: 'NamespaceContentRemaining', reason: 'SomeResourcesRemain', message });
  }
  if (finalizers.size > 0) {
    const parts = sorted(finalizers).map(([name, count]) => `${name} in ${count} resource instances`);
    const message = `Some content in the namespace has finalizers remaining: ${parts.join(', ')}`;
    texts.push({ type: 'NamespaceFinalizersRemaining', reason: 'SomeFinalizersRemain', message });
  }
  return texts;
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
}
