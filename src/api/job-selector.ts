/**
 * By what a Job knows its Pods, unless it says so itself: its uid, which nothing else has.
 * @see kubernetes/kubernetes pkg/registry/batch/job/strategy.go generateSelector
 */
import type { Job } from './generated/batch-v1.ts';
import type { ObjectMeta } from './generated/meta-v1.ts';

const [LEGACY_NAME, NAME] = ['job-name', 'batch.kubernetes.io/job-name'];
const [LEGACY_UID, UID] = ['controller-uid', 'batch.kubernetes.io/controller-uid'];

/** All that Jobs of old have. */
export const LEGACY_LABELS: readonly string[] = [LEGACY_UID, LEGACY_NAME];
export const JOB_LABELS: readonly string[] = [...LEGACY_LABELS, UID, NAME];

export function jobLabelValue(label: string, { name = '', uid = '' }: Partial<ObjectMeta>): string {
  return label === LEGACY_UID || label === UID ? uid : name;
}

/** Labels the template of `job` in place, and selects by that; what is there already stays, to be judged. */
export function generateJobSelector({ metadata, spec }: Job): void {
  if (spec.manualSelector) return;
  const own = Object.fromEntries(JOB_LABELS.map((label) => [label, jobLabelValue(label, metadata)]));
  const { metadata: given = {} } = spec.template ?? {};
  spec.template = { ...spec.template, metadata: { ...given, labels: { ...own, ...given.labels } } };
  spec.selector = { ...spec.selector, matchLabels: { [UID]: own[UID]!, ...spec.selector?.matchLabels } };
}
