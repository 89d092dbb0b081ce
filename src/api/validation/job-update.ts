/**
 * What an update may make of a Job: more or less of it at a time, and where and how large while it is suspended.
 * @see k8s.io/kubernetes/pkg/apis/batch/validation/validation.go ValidateJobSpecUpdate
 */
import type { Job, JobSpec } from '../generated/batch-v1.ts';
import type { Affinity, Container, PodSpec, PodTemplateSpec } from '../generated/core-v1.ts';
import { JOB_LABELS, LEGACY_LABELS } from '../job-selector.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { type FieldError, invalid } from './field-error.ts';
import { validateGenerated, validateHostnames, validateJobSpec, validateSelector } from './job.ts';
import { isTrue } from './job-status.ts';

export function validateJobUpdate(job: Job, old: Job): FieldError[] {
  const before = old.spec.template?.metadata?.labels ?? {};
  const hadAll = JOB_LABELS.every((label) => before[label] !== undefined);
  // What came in before selectors were made has none.
  const hadSelector = old.spec.selector !== undefined;
  const { spec } = job;
  return [
    ...(hadSelector ? validateGenerated(job, hadAll ? JOB_LABELS : LEGACY_LABELS) : []),
    ...validateJobSpec(spec, 'spec'),
    ...(hadSelector ? validateSelector(job) : []),
    ...validateHostnames(job),
    ...validateCompletions(spec, old.spec),
    ...fixed(spec, old.spec, ['selector']),
    ...validateTemplateUpdate(job, old),
    ...fixed(spec, old.spec, [
      'completionMode',
      'podFailurePolicy',
      'backoffLimitPerIndex',
      'managedBy',
      'successPolicy',
    ]),
  ];
}

function isSame(a: unknown, b: unknown): boolean {
  return equalJson((a ?? null) as JsonValue, (b ?? null) as JsonValue);
}

function immutable(field: string, value: unknown): FieldError {
  return invalid(field, value, 'field is immutable');
}

function fixed(spec: JobSpec, old: JobSpec, names: readonly (keyof JobSpec)[]): FieldError[] {
  return names.flatMap((name) =>
    isSame(spec[name], old[name]) ? [] : [immutable(`spec.${name}`, spec[name])],
  );
}

/** A Job of indexes may grow and shrink, all indexes at a time. */
function validateCompletions(spec: JobSpec, old: JobSpec): FieldError[] {
  if (spec.completionMode !== 'Indexed') return fixed(spec, old, ['completions']);
  const { completions, parallelism } = spec;
  if (completions === undefined || completions === old.completions || completions === parallelism) return [];
  const why = 'can only be modified in tandem with spec.parallelism';
  return [invalid('spec.completions', completions, why)];
}

function validateTemplateUpdate({ spec }: Job, old: Job): FieldError[] {
  const { template } = spec;
  if (isSame(template, old.spec.template)) return [];
  if (!isAtRest(old)) return [immutable('spec.template', template)];
  const allowed = allowedPodSpec(template?.spec ?? ({} as PodSpec), old.spec.template);
  return isSame(template?.spec, allowed) ? [] : [immutable('spec.template.spec', template?.spec)];
}

/** Suspended, and none of its Pods is there: it has never started, or has been stopped. */
function isAtRest({ spec, status }: Job): boolean {
  if (!spec.suspend || (status?.active ?? 0) > 0) return false;
  return status?.startTime === undefined || isTrue(status, 'Suspended');
}

/** The old Pod with everything that `pod` may have otherwise: where it may run, and what its containers ask for. */
function allowedPodSpec(pod: PodSpec, old: PodTemplateSpec | undefined): PodSpec {
  const rest = { ...(old?.spec ?? ({} as PodSpec)) };
  for (const name of ['nodeSelector', 'tolerations', 'schedulingGates', 'affinity'] as const)
    delete rest[name];
  const affinity = allowedAffinity(pod.affinity, old?.spec?.affinity);
  const { containers, initContainers } = rest;
  return {
    ...rest,
    ...(pod.nodeSelector && { nodeSelector: pod.nodeSelector }),
    ...(pod.tolerations && { tolerations: pod.tolerations }),
    ...(pod.schedulingGates && { schedulingGates: pod.schedulingGates }),
    ...(affinity && { affinity }),
    ...(containers && { containers: withResources(containers, pod.containers) }),
    ...(initContainers && { initContainers: withResources(initContainers, pod.initContainers) }),
  };
}

function allowedAffinity(affinity: Affinity | undefined, old: Affinity | undefined): Affinity | undefined {
  const { nodeAffinity: _, ...others } = old ?? {};
  if (affinity === undefined) return Object.keys(others).length === 0 ? undefined : others;
  return { ...others, ...(affinity.nodeAffinity && { nodeAffinity: affinity.nodeAffinity }) };
}

function withResources(old: readonly Container[], containers: readonly Container[] | undefined): Container[] {
  return old.map((container, index) => {
    const now = containers?.[index];
    if (containers?.length !== old.length || now?.name !== container.name) return container;
    const { resources: _, ...rest } = container;
    return { ...rest, ...(now.resources && { resources: now.resources }) };
  });
}
