/**
 * What Pods count for in quotas. `count/pods` counts every Pod there is; the rest only those that have not ended.
 *
 * @see kubernetes/kubernetes pkg/quota/v1/evaluator/core/pods.go
 */
import { parseTimestamp } from '../../base/clock.ts';
import type { Container, Pod, PodAffinityTerm } from '../generated/core-v1.ts';
import { podQosClass } from '../pod-qos.ts';
import { podUsage } from '../pod-usage.ts';
import { addQuantities, type ResourceList } from '../resource-list.ts';
import { isExtendedResource, isHugePages, isNativeResource } from '../resource-names.ts';
import { toLabelMatcher } from '../selectors.ts';
import type { QuotaEvaluator, ScopeRequirement } from './evaluator.ts';
import { selectorOf } from './scope-selector.ts';

const COUNT = 'count/pods';
/** A device of the class that follows, asked for without a claim. */
const OF_CLASS = 'deviceclass.resource.kubernetes.io/';
/** In quotas under their own name and with `requests.` before it; limits with `limits.`. */
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'].map((name) => ({
  name,
  requested: `requests.${name}`,
  limited: `limits.${name}`,
}));
const NATIVE = new Set(COMPUTE.map(({ name }) => name));
const NAMES = new Set([
  COUNT,
  'pods',
  ...COMPUTE.flatMap(({ name, requested, limited }) => [name, requested, limited]),
]);
/** A quota on these wants every container to say what it needs. That was a mistake, and is kept. */
const MUST_BE_SAID = new Set(
  ['cpu', 'memory'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
);

export const POD_EVALUATOR: QuotaEvaluator<Pod> = {
  matchesResource: (name) =>
    NAMES.has(name) ||
    isHugePages(name) ||
    name.startsWith('requests.hugepages-') ||
    name.startsWith(`requests.${OF_CLASS}`) ||
    (name.startsWith('requests.') && !isNativeResource(name)),
  matchesScope: matchesPodScope,
  usage: (pod, nowMs) =>
    isCounted(pod, nowMs) ? { [COUNT]: '1', ...computeUsage(effectiveUsage(pod)) } : { [COUNT]: '1' },
  handles: (operation, subresource) =>
    operation === 'CREATE' ? subresource === '' : operation === 'UPDATE' && subresource === 'resize',
  problem: unsaidProblem,
};

/** When a Pod that is on its way out counts no more, even if it never goes; `undefined` for others. Wall time, ms. */
export function podReleaseMs({ metadata }: Pod): number | undefined {
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return undefined;
  return parseTimestamp(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

/** Not when it has ended, nor when it should have gone long ago: its node may be lost. */
function isCounted(pod: Pod, nowMs: number): boolean {
  const phase = pod.status?.phase;
  if (phase === 'Failed' || phase === 'Succeeded') return false;
  const releaseMs = podReleaseMs(pod);
  return releaseMs === undefined || nowMs <= releaseMs;
}

interface Resources {
  requests?: ResourceList;
  limits?: ResourceList;
}

function effectiveUsage({ spec }: Pod): Resources {
  const { requests, limits } = podUsage(spec);
  if (spec.overhead === undefined) return { requests, limits };
  const withOverhead = (list: ResourceList, isAdded: (name: string) => boolean) => {
    const sum: Record<string, string> = { ...list };
    for (const [name, quantity] of Object.entries(spec.overhead!)) {
      if (isAdded(name)) sum[name] = addQuantities(sum[name] ?? '0', quantity);
    }
    return sum;
  };
  const isLimited = (name: string) => limits[name] !== undefined && limits[name] !== '0';
  return { requests: withOverhead(requests, () => true), limits: withOverhead(limits, isLimited) };
}

function computeUsage({ requests = {}, limits = {} }: Resources): ResourceList {
  const usage: Record<string, string> = { pods: '1' };
  for (const { name, requested, limited } of COMPUTE) {
    const request = requests[name];
    const limit = limits[name];
    if (request !== undefined) usage[name] = usage[requested] = request;
    if (limit !== undefined) usage[limited] = limit;
  }
  for (const name of Object.keys(requests)) {
    if (NATIVE.has(name)) continue;
    const request = requests[name]!;
    if (isHugePages(name)) usage[name] = usage[`requests.${name}`] = request;
    if (isExtended(name)) usage[`requests.${name}`] = request;
  }
  return usage;
}

function isExtended(name: string): boolean {
  return name.startsWith(OF_CLASS) || isExtendedResource(name);
}

function unsaidProblem(names: readonly string[], { spec }: Pod): string | undefined {
  const wanted = names.filter((name) => MUST_BE_SAID.has(name)).sort();
  if (wanted.length === 0) return undefined;
  const saidByPod = computeUsage(spec.resources ?? {});
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const complaints = wanted
    .filter((name) => saidByPod[name] === undefined)
    .map((name) => ({ name, silent: containers.filter((container) => !says(container, name)) }))
    .filter(({ silent }) => silent.length > 0)
    .map(
      ({ name, silent }) => `${name} for: ${[...new Set(silent.map((one) => one.name))].sort().join(',')}`,
    );
  return complaints.length === 0 ? undefined : `must specify ${complaints.join('; ')}`;
}

function says({ resources }: Container, name: string): boolean {
  return computeUsage(resources ?? {})[name] !== undefined;
}

function matchesPodScope(requirement: ScopeRequirement, pod: Pod): boolean {
  const { activeDeadlineSeconds, priorityClassName } = pod.spec;
  switch (requirement.scopeName) {
    case 'Terminating':
      return isBounded(activeDeadlineSeconds);
    case 'NotTerminating':
      return !isBounded(activeDeadlineSeconds);
    case 'BestEffort':
      return podQosClass(pod) === 'BestEffort';
    case 'NotBestEffort':
      return podQosClass(pod) !== 'BestEffort';
    case 'PriorityClass':
      return toLabelMatcher([selectorOf(requirement)])(
        priorityClassName ? { PriorityClass: priorityClassName } : {},
      );
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(pod);
    default:
      return false;
  }
}

function isBounded(activeDeadlineSeconds: number | undefined): boolean {
  return activeDeadlineSeconds !== undefined && activeDeadlineSeconds >= 0;
}

function reachesOtherNamespaces({ spec }: Pod): boolean {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const terms: (PodAffinityTerm | undefined)[] = [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((one) => one.podAffinityTerm),
  ]);
  return terms.some((term) => (term?.namespaces ?? []).length > 0 || term?.namespaceSelector !== undefined);
}
