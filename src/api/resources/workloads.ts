/** Rows of the workload groups: apps, batch, autoscaling, policy. */
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../generated/apps-v1.ts';
import type { HorizontalPodAutoscaler as HorizontalPodAutoscalerV1 } from '../generated/autoscaling-v1.ts';
import type { HorizontalPodAutoscaler } from '../generated/autoscaling-v2.ts';
import type { CronJob, Job } from '../generated/batch-v1.ts';
import type { PodDisruptionBudget } from '../generated/policy-v1.ts';
import { newResource, SCALE, STATUS } from '../resource-row.ts';

export const CONTROLLER_REVISIONS = newResource<ControllerRevision>(
  'apps/v1',
  'ControllerRevision',
  'controllerrevisions',
);
export const DAEMON_SETS = newResource<DaemonSet>('apps/v1', 'DaemonSet', 'daemonsets', {
  shortNames: ['ds'],
  categories: ['all'],
  subresources: [STATUS],
  generation: true,
});
export const DEPLOYMENTS = newResource<Deployment>('apps/v1', 'Deployment', 'deployments', {
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: [SCALE, STATUS],
  generation: true,
});
export const REPLICA_SETS = newResource<ReplicaSet>('apps/v1', 'ReplicaSet', 'replicasets', {
  shortNames: ['rs'],
  categories: ['all'],
  subresources: [SCALE, STATUS],
  generation: true,
  selectableFields: ['status.replicas'],
});
export const STATEFUL_SETS = newResource<StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets', {
  shortNames: ['sts'],
  categories: ['all'],
  subresources: [SCALE, STATUS],
  generation: true,
});

export const HORIZONTAL_POD_AUTOSCALERS = newResource<HorizontalPodAutoscaler>(
  'autoscaling/v2',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
  { shortNames: ['hpa'], categories: ['all'], subresources: [STATUS], generation: true },
);

export const HORIZONTAL_POD_AUTOSCALERS_V1 = newResource<HorizontalPodAutoscalerV1>(
  'autoscaling/v1',
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
  {
    shortNames: ['hpa'],
    categories: ['all'],
    subresources: [STATUS],
    generation: true,
    storageGroupVersion: 'autoscaling/v2',
  },
);

export const CRON_JOBS = newResource<CronJob>('batch/v1', 'CronJob', 'cronjobs', {
  shortNames: ['cj'],
  categories: ['all'],
  subresources: [STATUS],
  generation: true,
});
export const JOBS = newResource<Job>('batch/v1', 'Job', 'jobs', {
  categories: ['all'],
  subresources: [STATUS],
  generation: true,
  selectableFields: ['status.successful'],
});

export const POD_DISRUPTION_BUDGETS = newResource<PodDisruptionBudget>(
  'policy/v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
  { shortNames: ['pdb'], subresources: [STATUS], generation: true },
);
