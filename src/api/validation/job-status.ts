/**
 * Validation of what is said of a Job's progress: it goes on only, and ends once.
 *
 * Rules about a part of the status are kept only by writes that change that part: what is wrong already does not hold
 * up the rest.
 * @see k8s.io/kubernetes/pkg/apis/batch/validation/validation.go ValidateJobStatusUpdate
 * @see k8s.io/kubernetes/pkg/registry/batch/job/strategy.go getStatusValidationOptions
 */
import type { Job, JobStatus } from '../generated/batch-v1.ts';
import { equalJson, type JsonValue } from '../json.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, invalidWhole, required } from './field-error.ts';
import { firstCommonIndex, readIndexes } from './job-indexes.ts';
import { validateCounts } from './workload-status.ts';

/** A status, and what it was before. */
interface Change {
  spec: Job['spec'];
  now: JobStatus;
  before: JobStatus;
}

type Condition = 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet' | 'Suspended';

export function isTrue({ conditions = [] }: JobStatus, condition: Condition): boolean {
  return conditions.some(({ type, status }) => type === condition && status === 'True');
}

function isFinished(status: JobStatus): boolean {
  return isTrue(status, 'Complete') || isTrue(status, 'Failed');
}

export function validateJobStatus({ spec, status = {} }: Job, old: Job): FieldError[] {
  const change = { spec, now: status, before: old.status ?? {} };
  return [
    ...validateCounts(status, ['active', 'succeeded', 'failed', 'ready', 'terminating']),
    ...validateUncounted(status.uncountedTerminatedPods),
    ...validateEnd(change),
    ...validateFinished(change),
    ...validateIndexes(change),
    ...validateConditions(change),
    ...validateProgress(change),
  ];
}

function validateUncounted(pods: JobStatus['uncountedTerminatedPods']): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    errorsOfEach(pods?.[list] ?? [], (uid, index) => {
      const field = `status.uncountedTerminatedPods.${list}[${index}]`;
      if (uid === '') return [invalid(field, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(field, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

function changedIn({ now, before }: Change, ...parts: (Condition | 'finished' | keyof JobStatus)[]): boolean {
  return parts.some((part) => {
    if (part === 'finished') return isFinished(now) !== isFinished(before);
    if (/^[A-Z]/.test(part)) return isTrue(now, part as Condition) !== isTrue(before, part as Condition);
    const key = part as keyof JobStatus;
    return !equalJson((now[key] ?? null) as JsonValue, (before[key] ?? null) as JsonValue);
  });
}

const CONDITIONS = 'status.conditions';
const COMPLETION = 'status.completionTime';

/** Complete, or failed; the one rules out the other, and each has its forerunner and its time. */
function validateEnd(change: Change): FieldError[] {
  const { now } = change;
  const { startTime, completionTime } = now;
  const isComplete = isTrue(now, 'Complete');
  const errors: FieldError[] = [];
  if (changedIn(change, 'Complete', 'Failed') && isComplete && isTrue(now, 'Failed'))
    errors.push(invalidWhole(CONDITIONS, 'cannot set Complete=True and Failed=true conditions'));
  if (changedIn(change, 'Complete', 'FailureTarget') && isComplete && isTrue(now, 'FailureTarget'))
    errors.push(invalidWhole(CONDITIONS, 'cannot set Complete=True and FailureTarget=true conditions'));
  if (changedIn(change, 'Complete', 'completionTime')) {
    const why = 'cannot set completionTime when there is no Complete=True condition';
    if (completionTime !== undefined && !isComplete) errors.push(invalid(COMPLETION, completionTime, why));
    if (completionTime === undefined && isComplete)
      errors.push(required(COMPLETION, 'completionTime is required for Complete jobs'));
  }
  if (changedIn(change, 'startTime', 'completionTime') && isEarlier(completionTime, startTime))
    errors.push(invalid(COMPLETION, completionTime, 'must be equal to or after `startTime`'));
  if (
    changedIn(change, 'Failed', 'failedIndexes') &&
    isTrue(now, 'Failed') &&
    !isTrue(now, 'FailureTarget')
  ) {
    const why = 'cannot set Failed=True condition without the FailureTarget=true condition';
    errors.push(invalidWhole(CONDITIONS, why));
  }
  if (
    changedIn(change, 'Complete', 'SuccessCriteriaMet') &&
    isComplete &&
    !isTrue(now, 'SuccessCriteriaMet')
  ) {
    const why = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition';
    errors.push(invalidWhole(CONDITIONS, why));
  }
  return errors;
}

function isEarlier(time: string | undefined, than: string | undefined): boolean {
  return time !== undefined && than !== undefined && Date.parse(time) < Date.parse(than);
}

/** Where a Job has ended nothing runs any more, and all is counted. */
function validateFinished(change: Change): FieldError[] {
  const { now } = change;
  if (!isFinished(now)) return [];
  const errors: FieldError[] = [];
  const { active = 0, uncountedTerminatedPods: uncounted } = now;
  if (changedIn(change, 'finished', 'active') && active > 0)
    errors.push(invalid('status.active', active, 'active>0 is invalid for finished job'));
  if (changedIn(change, 'finished', 'startTime') && now.startTime === undefined)
    errors.push(required('status.startTime', 'startTime is required for finished job'));
  const { succeeded = [], failed = [] } = uncounted ?? {};
  if (changedIn(change, 'finished', 'uncountedTerminatedPods') && succeeded.length + failed.length > 0) {
    const shown = { Succeeded: uncounted?.succeeded ?? null, Failed: uncounted?.failed ?? null };
    errors.push(invalid('status.uncountedTerminatedPods', shown, 'must be empty for finished job'));
  }
  return errors;
}

function validateIndexes(change: Change): FieldError[] {
  const { completedIndexes: completed = '', failedIndexes: failed } = change.now;
  const { completions, completionMode, backoffLimitPerIndex } = change.spec;
  const [newCompleted, newFailed] = [
    changedIn(change, 'completedIndexes'),
    changedIn(change, 'failedIndexes'),
  ];
  const hasLimit = backoffLimitPerIndex !== undefined;
  const fields = { completedIndexes: 'status.completedIndexes', failedIndexes: 'status.failedIndexes' };
  const errors: FieldError[] = [];
  const read = (name: keyof typeof fields, text: string) => {
    const outcome = readIndexes(text, completions ?? 0);
    if ('problem' in outcome)
      errors.push(invalid(fields[name], text, `error parsing ${name}: ${outcome.problem}`));
  };
  if (newCompleted && completions !== undefined) read('completedIndexes', completed);
  if (newFailed && completions !== undefined && hasLimit && failed !== undefined)
    read('failedIndexes', failed);
  if (newCompleted && completed !== '' && completionMode !== 'Indexed') {
    const why = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid(fields.completedIndexes, completed, why));
  }
  if (newFailed && !hasLimit && failed !== undefined) {
    const why = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalid(fields.failedIndexes, failed, why));
  }
  if ((newCompleted || newFailed) && completions !== undefined && failed !== undefined) {
    const common = firstCommonIndex(completed, failed, completions);
    const why = `failedIndexes and completedIndexes overlap at index: ${common}`;
    if (common !== undefined) errors.push(invalid(fields.failedIndexes, failed, why));
  }
  return errors;
}

function validateConditions(change: Change): FieldError[] {
  const { spec, now } = change;
  const { active = 0, ready, terminating = 0 } = now;
  const errors: FieldError[] = [];
  if (changedIn(change, 'finished', 'terminating') && terminating > 0 && isFinished(now))
    errors.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'));
  if (changedIn(change, 'ready', 'active') && ready !== undefined && ready > active)
    errors.push(invalid('status.ready', ready, 'cannot set more ready pods than active'));
  const isMet = isTrue(now, 'SuccessCriteriaMet');
  for (const other of ['Failed', 'FailureTarget'] as const) {
    if (isMet && isTrue(now, other))
      errors.push(
        invalidWhole(CONDITIONS, `cannot set SuccessCriteriaMet=True and ${other}=true conditions`),
      );
  }
  if (spec.successPolicy !== undefined && !isMet && isTrue(now, 'Complete')) {
    const why = 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True';
    errors.push(invalidWhole(CONDITIONS, why));
  }
  return errors;
}

/** What only grows, or never comes back. */
function validateProgress({ spec, now, before }: Change): FieldError[] {
  const errors: FieldError[] = [];
  for (const condition of ['Failed', 'Complete', 'FailureTarget'] as const) {
    if (isTrue(before, condition) && !isTrue(now, condition))
      errors.push(invalidWhole(CONDITIONS, `cannot disable the terminal ${condition}=True condition`));
  }
  const shrinks = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  for (const counter of ['failed', ...(shrinks ? [] : (['succeeded'] as const))] as const) {
    const count = now[counter] ?? 0;
    if (count < (before[counter] ?? 0))
      errors.push(invalid(`status.${counter}`, count, `cannot decrease the ${counter} counter`));
  }
  const { completionTime, startTime } = now;
  if (completionTime && before.completionTime && completionTime !== before.completionTime)
    errors.push(invalid(COMPLETION, completionTime, 'field is immutable'));
  if (before.startTime !== undefined && startTime !== before.startTime && !spec.suspend)
    errors.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'));
  if (isTrue(before, 'SuccessCriteriaMet') && !isTrue(now, 'SuccessCriteriaMet'))
    errors.push(invalidWhole(CONDITIONS, 'cannot disable the SuccessCriteriaMet=True condition'));
  const wasComplete = isTrue(before, 'Complete') && !isTrue(before, 'SuccessCriteriaMet');
  if (wasComplete && isTrue(now, 'SuccessCriteriaMet')) {
    const why = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    errors.push(invalidWhole(CONDITIONS, why));
  }
  return errors;
}
