/**
 * LimitRanges: what containers of a namespace get when they say nothing, and what nobody there may ask for.
 *
 *     create Pod ─► mutating: defaults of every LimitRange ─► validating: constraints of every LimitRange
 *     create or update PersistentVolumeClaim, resize Pod ─────► validating
 *
 * @see kubernetes/kubernetes plugin/pkg/admission/limitranger/admission.go
 */
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from '../../../api/generated/core-v1.ts';
import { podUsage } from '../../../api/pod-usage.ts';
import { LIMIT_RANGES, PERSISTENT_VOLUME_CLAIMS, PODS } from '../../../api/resources.ts';
import { newForbidden } from '../../errors.ts';
import type { AdmissionRequest, AdmissionStep, AdmissionView } from '../admission.ts';
import { claimProblems, type Quantities, usageProblems } from './limit-constraints.ts';

const ANNOTATION = 'kubernetes.io/limit-ranger';

export const limitRangeDefaults: AdmissionStep = {
  name: 'LimitRanger',
  admit(request, view) {
    if (!isPodSizing(request)) return;
    for (const { spec } of limitRangesOf(request, view)) {
      defaultPodResources(request.object as unknown as Pod, spec.limits);
    }
  },
};

export const limitRangeLimits: AdmissionStep = {
  name: 'LimitRanger',
  admit(request, view) {
    const isPod = isPodSizing(request);
    if (!isPod && !isClaimWrite(request)) return;
    for (const { spec } of limitRangesOf(request, view)) {
      const problems = isPod
        ? podProblems(request.object as unknown as Pod, spec.limits)
        : claimWriteProblems(request.object as unknown as PersistentVolumeClaim, spec.limits);
      if (problems.length > 0) throw newForbidden(request.row, request.name, aggregate(problems));
    }
  },
};

/** Containers get their resources at creation, and through `resize`. */
function isPodSizing({ row, operation, subresource, old }: AdmissionRequest): boolean {
  if (row !== PODS || old?.metadata.deletionTimestamp !== undefined) return false;
  return operation === 'CREATE' ? subresource === '' : operation === 'UPDATE' && subresource === 'resize';
}

function isClaimWrite({ row, operation, subresource, old }: AdmissionRequest): boolean {
  if (row !== PERSISTENT_VOLUME_CLAIMS || subresource !== '') return false;
  const isWrite = operation === 'CREATE' || operation === 'UPDATE';
  return isWrite && old?.metadata.deletionTimestamp === undefined;
}

function limitRangesOf({ namespace }: AdmissionRequest, view: AdmissionView): LimitRange[] {
  return view
    .list(LIMIT_RANGES, namespace)
    .map((object) => object as unknown as LimitRange)
    .filter(({ spec }) => spec?.limits !== undefined);
}

/** Gives containers of `pod` what `limits` say for those that say nothing, and notes it in an annotation. */
export function defaultPodResources(pod: Pod, limits: readonly LimitRangeItem[]): void {
  const wanted = containerDefaults(limits);
  const { spec, metadata } = pod;
  const notes: string[] = [];
  const sized = (containers: readonly Container[], sort: string) =>
    containers.map((container) => withDefaults(container, wanted, { sort, notes }));
  spec.containers = sized(spec.containers ?? [], 'container');
  if (spec.initContainers !== undefined) spec.initContainers = sized(spec.initContainers, 'init container');
  if (notes.length === 0) return;
  metadata.annotations = {
    ...metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

interface Defaults {
  requests: Quantities;
  limits: Quantities;
}

function containerDefaults(limits: readonly LimitRangeItem[]): Defaults {
  const items = limits.filter(({ type }) => type === 'Container');
  return {
    requests: Object.assign({}, ...items.map(({ defaultRequest }) => defaultRequest)),
    limits: Object.assign({}, ...items.map((item) => item.default)),
  };
}

function withDefaults(
  container: Container,
  wanted: Defaults,
  { sort, notes }: { sort: string; notes: string[] },
): Container {
  const resources = { ...container.resources };
  let isChanged = false;
  for (const part of ['requests', 'limits'] as const) {
    const missing = Object.keys(wanted[part])
      .filter((resource) => resources[part]?.[resource] === undefined)
      .sort();
    if (missing.length === 0) continue;
    isChanged = true;
    resources[part] = {
      ...resources[part],
      ...Object.fromEntries(missing.map((name) => [name, wanted[part][name]!])),
    };
    notes.push(`${missing.join(', ')} ${part.slice(0, -1)} for ${sort} ${container.name}`);
  }
  return isChanged ? { ...container, resources } : container;
}

/** What `pod` breaks of `limits`, in their order. */
export function podProblems({ spec }: Pod, limits: readonly LimitRangeItem[]): string[] {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return limits.flatMap((item) => {
    if (item.type === 'Pod') return usageProblems(item, podUsage(spec));
    if (item.type !== 'Container') return [];
    return containers.flatMap(({ resources }) => usageProblems(item, resources ?? {}));
  });
}

function claimWriteProblems({ spec }: PersistentVolumeClaim, limits: readonly LimitRangeItem[]): string[] {
  return limits
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((item) => claimProblems(item, spec.resources?.requests ?? {}));
}

/** @see k8s.io/apimachinery/pkg/util/errors, Aggregate: one error stands alone, equal ones count once */
function aggregate(problems: readonly string[]): string {
  const unique = [...new Set(problems)];
  return unique.length === 1 ? unique[0]! : `[${unique.join(', ')}]`;
}
