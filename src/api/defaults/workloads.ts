/**
 * Defaults of the kinds that own Pods.
 * @see k8s.io/kubernetes/pkg/apis/{apps,batch,autoscaling}/v1/defaults.go
 */
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../generated/apps-v1.ts';
import type { CronJob, Job, JobSpec } from '../generated/batch-v1.ts';
import type { ReplicationController } from '../generated/core-v1.ts';
import { defaultPodTemplate } from './pod-spec.ts';

const REVISION_HISTORY_LIMIT = 10;

export function defaultDeployment({ spec }: Deployment): void {
  spec.replicas ??= 1;
  spec.strategy ??= {};
  spec.strategy.type ??= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
    spec.strategy.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= REVISION_HISTORY_LIMIT;
  spec.progressDeadlineSeconds ??= 600;
  defaultPodTemplate(spec.template);
}

export function defaultReplicaSet({ spec }: ReplicaSet): void {
  spec.replicas ??= 1;
  defaultPodTemplate(spec.template);
}

export function defaultReplicationController(controller: ReplicationController): void {
  const { spec, metadata } = controller;
  const templateLabels = spec.template?.metadata?.labels;
  if (templateLabels) {
    spec.selector ??= { ...templateLabels };
    metadata.labels ??= { ...templateLabels };
  }
  spec.replicas ??= 1;
  defaultPodTemplate(spec.template);
}

export function defaultStatefulSet({ spec }: StatefulSet): void {
  spec.podManagementPolicy ??= 'OrderedReady';
  spec.updateStrategy ??= {};
  if (!spec.updateStrategy.type)
    spec.updateStrategy = { rollingUpdate: {}, ...spec.updateStrategy, type: 'RollingUpdate' };
  const { rollingUpdate, type } = spec.updateStrategy;
  if (type === 'RollingUpdate' && rollingUpdate) rollingUpdate.partition ??= 0;
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ??= 'Retain';
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ??= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= REVISION_HISTORY_LIMIT;
  for (const claim of spec.volumeClaimTemplates ?? []) {
    Object.assign(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
    claim.spec ??= {};
    claim.spec.volumeMode ??= 'Filesystem';
    claim.status ??= {};
    claim.status.phase ??= 'Pending';
  }
  defaultPodTemplate(spec.template);
}

export function defaultDaemonSet({ spec }: DaemonSet): void {
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ??= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {};
    spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= REVISION_HISTORY_LIMIT;
  defaultPodTemplate(spec.template);
}

export function defaultJob({ metadata, spec }: Job): void {
  const labels = spec.template?.metadata?.labels;
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  spec.manualSelector ??= false;
  defaultJobPods(spec);
}

/** What CronJobs say of their Jobs gets the rest when there is a Job. */
function defaultJobPods({ podFailurePolicy, template }: JobSpec): void {
  for (const rule of podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ??= 'True';
  }
  defaultPodTemplate(template);
}

export function defaultCronJob({ spec }: CronJob): void {
  spec.concurrencyPolicy ??= 'Allow';
  spec.suspend ??= false;
  spec.successfulJobsHistoryLimit ??= 3;
  spec.failedJobsHistoryLimit ??= 1;
  const job = spec.jobTemplate?.spec as JobSpec | undefined;
  if (job) defaultJobPods(job);
}
