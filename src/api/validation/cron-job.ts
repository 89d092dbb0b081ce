/**
 * Validation of CronJobs.
 * @see k8s.io/kubernetes/pkg/apis/batch/validation/validation.go ValidateCronJobCreate
 */
import type { CronJob } from '../generated/batch-v1.ts';
import type { ObjectMeta } from '../generated/meta-v1.ts';
import { scheduleProblem } from './cron-schedule.ts';
import { notNegative } from './field-checks.ts';
import { type FieldError, invalid, required, unsupported } from './field-error.ts';
import { validateJobSpec } from './job.ts';
import { validateTimeZone } from './time-zone.ts';

/** The name of each Job has 11 characters more, and at most 63. */
const NAME_MAX = 52;
const CONCURRENCY_POLICIES = ['Allow', 'Forbid', 'Replace'];

export function validateCronJob(cronJob: CronJob): FieldError[] {
  const name = (cronJob.metadata as Partial<ObjectMeta>).name ?? '';
  const errors = validateSpec(cronJob.spec, undefined);
  if (name.length <= NAME_MAX) return errors;
  return [...errors, invalid('metadata.name', name, `must be no more than ${NAME_MAX} characters`)];
}

export function validateCronJobUpdate({ spec }: CronJob, old: CronJob): FieldError[] {
  return validateSpec(spec, old.spec);
}

function validateSpec(spec: CronJob['spec'], old: CronJob['spec'] | undefined): FieldError[] {
  const { timeZone, concurrencyPolicy } = spec;
  const isNewZone = timeZone !== undefined && timeZone !== old?.timeZone;
  return [
    ...validateSchedule(spec, old?.schedule?.includes('TZ') ?? false),
    ...notNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds),
    ...(isNewZone ? validateTimeZone(timeZone, 'spec.timeZone') : []),
    ...validateConcurrency(concurrencyPolicy ?? '', 'spec.concurrencyPolicy'),
    ...validateTemplate(spec.jobTemplate),
    ...notNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...notNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
  ];
}

/** @param hadZone  a zone within the schedule is of old, and may stay */
function validateSchedule(
  { schedule = '', timeZone }: Partial<CronJob['spec']>,
  hadZone: boolean,
): FieldError[] {
  const field = 'spec.schedule';
  if (schedule === '') return [required(field)];
  const problem = scheduleProblem(schedule);
  const errors = problem === undefined ? [] : [invalid(field, schedule, problem)];
  if (!schedule.includes('TZ') || (hadZone && timeZone === undefined)) return errors;
  const why = hadZone
    ? 'cannot use both timeZone field and TZ or CRON_TZ in schedule'
    : 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  return [...errors, invalid(field, schedule, why)];
}

function validateConcurrency(policy: string, field: string): FieldError[] {
  if (policy === '') return [required(field)];
  return CONCURRENCY_POLICIES.includes(policy) ? [] : [unsupported(field, policy, CONCURRENCY_POLICIES)];
}

/** The selectors of its Jobs are the server's to make. */
function validateTemplate(template: Partial<CronJob['spec']['jobTemplate']> | undefined): FieldError[] {
  const at = 'spec.jobTemplate.spec';
  const { spec } = template ?? {};
  const errors = validateJobSpec(spec ?? {}, at);
  if (spec?.selector !== undefined)
    errors.push(invalid(`${at}.selector`, spec.selector, '`selector` will be auto-generated'));
  if (spec?.manualSelector) errors.push(unsupported(`${at}.manualSelector`, true, ['nil', 'false']));
  return errors;
}
