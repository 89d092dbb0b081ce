/**
 * Validation of what a Job is asked to do; CronJobs ask the same of theirs.
 * @see k8s.io/kubernetes/pkg/apis/batch/validation/validation.go ValidateJob, validateJobSpec
 */

import type { Job, JobSpec } from '../generated/batch-v1.ts';
import type { ObjectMeta } from '../generated/meta-v1.ts';
import { JOB_LABELS, jobLabelValue } from '../job-selector.ts';
import { notNegative } from './field-checks.ts';
import { type FieldError, invalid, required, tooLong, unsupported } from './field-error.ts';
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts';
import { dns1123LabelProblem, dns1123SubdomainProblem } from './names.ts';
import { validateLabelSelector } from './object-meta.ts';
import { validatePodTemplate } from './pod-spec.ts';
import { matcherOf, shownLabels, validateSelects } from './workload-template.ts';

const MANAGED_BY_MAX_BYTES = 63;
const PARALLELISM_MAX = 100_000;
const FAILED_INDEXES_MAX = 100_000;
/** More completions than these ask for stricter limits. */
const MANY_COMPLETIONS = 100_000;
const LIMIT_OF_MANY = 10_000;
const HTTP_PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

export function validateJob(job: Job): FieldError[] {
  return [
    ...validateGenerated(job, JOB_LABELS),
    ...validateJobSpec(job.spec, 'spec'),
    ...validateSelector(job),
    ...validateHostnames(job),
  ];
}

export function validateSelector({ spec: { selector, template } }: Job): FieldError[] {
  if (selector === undefined) return [required('spec.selector'), ...validateSelects(() => false, template)];
  const errors = validateLabelSelector(selector, 'spec.selector');
  return errors.length > 0 ? errors : validateSelects(matcherOf(selector), template);
}

/** A selector that the server made selects what the server labelled, by `labels`. */
export function validateGenerated({ metadata, spec }: Job, labels: readonly string[]): FieldError[] {
  if (spec.manualSelector || spec.selector === undefined) return [];
  const errors = metadata.uid ? [] : [required('metadata.uid')];
  const expected = Object.fromEntries(labels.map((label) => [label, jobLabelValue(label, metadata)]));
  const given = spec.template?.metadata?.labels;
  for (const label of labels) {
    const field = `spec.template.metadata.labels[${label}]`;
    const why = `must be '${expected[label]}'`;
    if (given?.[label] === undefined) errors.push(required(field, why));
    else if (given[label] !== expected[label]) errors.push(invalid(field, shownLabels(given), why));
  }
  if (validateLabelSelector(spec.selector, '').length === 0 && !matcherOf(spec.selector)(expected))
    errors.push(invalid('spec.selector', spec.selector, '`selector` not auto-generated'));
  return errors;
}

/** The Pod of each index has the Job's name and its index as its hostname. */
export function validateHostnames({ metadata, spec }: Job): FieldError[] {
  const name = (metadata as Partial<ObjectMeta>).name ?? '';
  const { completionMode, completions = 0 } = spec;
  if (completionMode !== 'Indexed' || completions <= 0) return [];
  const longest = `${name}-${completions - 1}`;
  if (dns1123LabelProblem(longest) === undefined) return [];
  return [invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${longest}`)];
}

export function validateJobSpec(spec: Partial<JobSpec>, at: string): FieldError[] {
  const { maxFailedIndexes, backoffLimitPerIndex, managedBy, podFailurePolicy, successPolicy } = spec;
  const field = (name: keyof JobSpec) => `${at}.${name}`;
  return [
    ...notNegative(field('parallelism'), spec.parallelism),
    ...notNegative(field('completions'), spec.completions),
    ...notNegative(field('activeDeadlineSeconds'), spec.activeDeadlineSeconds),
    ...notNegative(field('backoffLimit'), spec.backoffLimit),
    ...notNegative(field('ttlSecondsAfterFinished'), spec.ttlSecondsAfterFinished),
    ...notNegative(field('backoffLimitPerIndex'), backoffLimitPerIndex),
    ...notNegative(field('maxFailedIndexes'), maxFailedIndexes),
    ...(maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined
      ? [required(field('backoffLimitPerIndex'), 'when maxFailedIndexes is specified')]
      : []),
    ...(managedBy === undefined ? [] : validateManagedBy(managedBy, field('managedBy'))),
    ...validateMode(spec, at),
    ...(podFailurePolicy === undefined ? [] : validateFailurePolicy(spec, field('podFailurePolicy'))),
    ...(successPolicy === undefined ? [] : validateSuccessPolicy(spec, field('successPolicy'))),
    ...validateReplacement(spec, field('podReplacementPolicy')),
    ...validatePodTemplate(spec.template, field('template')),
    ...validateRestarts(spec, `${field('template')}.spec.restartPolicy`),
  ];
}

/** @see k8s.io/apimachinery/pkg/util/validation IsDomainPrefixedPath */
function validateManagedBy(path: string, field: string): FieldError[] {
  const long = path.length > MANAGED_BY_MAX_BYTES ? [tooLong(field, MANAGED_BY_MAX_BYTES)] : [];
  if (path === '') return [required(field)];
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1)
    return [invalid(field, path, 'must be a domain-prefixed path (such as "acme.io/foo")'), ...long];
  const [host, rest] = [path.slice(0, slash), path.slice(slash + 1)];
  const problem = dns1123SubdomainProblem(host);
  const why = `Invalid path (regex used for validation is '${HTTP_PATH.source.slice(1, -1).replace('\\/', '/')}')`;
  return [
    ...(problem === undefined ? [] : [invalid(field, host, problem)]),
    ...(HTTP_PATH.test(rest) ? [] : [invalid(field, rest, why)]),
    ...long,
  ];
}

function validateMode(spec: Partial<JobSpec>, at: string): FieldError[] {
  const { completionMode: mode } = spec;
  if (mode === 'Indexed') return validateIndexed(spec, at);
  if (mode !== undefined && mode !== 'NonIndexed')
    return [unsupported(`${at}.completionMode`, mode, ['NonIndexed', 'Indexed'])];
  return (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).flatMap((name) =>
    spec[name] === undefined
      ? []
      : [invalid(`${at}.${name}`, spec[name], 'requires indexed completion mode')],
  );
}

function validateIndexed(spec: Partial<JobSpec>, at: string): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes: failed = 0 } = spec;
  const atMost = (limit: number, condition: string) => `must be less than or equal to ${limit}${condition}`;
  const errors: FieldError[] = [];
  if (completions === undefined)
    errors.push(required(`${at}.completions`, 'when completion mode is Indexed'));
  if (parallelism > PARALLELISM_MAX) {
    const why = atMost(PARALLELISM_MAX, ' when completion mode is Indexed');
    errors.push(invalid(`${at}.parallelism`, parallelism, why));
  }
  if (completions !== undefined && failed > completions)
    errors.push(invalid(`${at}.maxFailedIndexes`, failed, 'must be less than or equal to completions'));
  if (failed > FAILED_INDEXES_MAX)
    errors.push(invalid(`${at}.maxFailedIndexes`, failed, atMost(FAILED_INDEXES_MAX, '')));
  if ((completions ?? 0) <= MANY_COMPLETIONS || spec.backoffLimitPerIndex === undefined) return errors;
  const why = atMost(
    LIMIT_OF_MANY,
    ` when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`,
  );
  if (spec.maxFailedIndexes === undefined)
    errors.push(
      required(`${at}.maxFailedIndexes`, `must be specified when completions is above ${MANY_COMPLETIONS}`),
    );
  if (parallelism > LIMIT_OF_MANY) errors.push(invalid(`${at}.parallelism`, parallelism, why));
  if (failed > LIMIT_OF_MANY) errors.push(invalid(`${at}.maxFailedIndexes`, failed, why));
  return errors;
}

/** Who judges failures wants them whole. */
function validateReplacement(
  { podReplacementPolicy: policy, podFailurePolicy }: Partial<JobSpec>,
  field: string,
): FieldError[] {
  const supported = podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  return policy === undefined || supported.includes(policy) ? [] : [unsupported(field, policy, supported)];
}

function validateRestarts({ template, podFailurePolicy }: Partial<JobSpec>, field: string): FieldError[] {
  const policy = template?.spec?.restartPolicy ?? 'Always';
  if (policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never')
    return [unsupported(field, policy, ['OnFailure', 'Never'])];
  if (podFailurePolicy === undefined || policy === 'Never') return [];
  return [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}
