/** How kinds that own Pods are printed. @see k8s.io/kubernetes/pkg/printers/internalversion/printers.go */
import { formatAge } from '../../base/duration.ts';
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../generated/apps-v1.ts';
import type { HorizontalPodAutoscaler } from '../generated/autoscaling-v2.ts';
import type { CronJob, Job } from '../generated/batch-v1.ts';
import type { Container, ReplicationController } from '../generated/core-v1.ts';
import type { PodDisruptionBudget } from '../generated/policy-v1.ts';
import { formatLabelSelector } from '../selectors.ts';
import { AGE, count, type KindPrinter, NAME, text, wide } from './column.ts';
import { age, formatLabels, joinImages, joinNames, NONE } from './values.ts';

const CONTAINERS = wide(text('Containers', 'Names of the containers'));
const IMAGES = wide(text('Images', 'Images of the containers'));
const SELECTOR = wide(text('Selector', 'Which Pods it owns'));
const DESIRED = count('Desired', 'How many Pods are wanted');
const CURRENT = count('Current', 'How many Pods there are');
const READY = count('Ready', 'How many Pods are ready');

function containerCells(containers: readonly Container[] | undefined): string[] {
  return [joinNames(containers), joinImages(containers)];
}

export const deploymentPrinter: KindPrinter<Deployment> = {
  columns: [
    NAME,
    text('Ready', 'Ready Pods of the wanted ones'),
    count('Up-to-date', 'Pods of the newest template'),
    count('Available', 'Pods ready for long enough'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`,
    object.status?.updatedReplicas ?? 0,
    object.status?.availableReplicas ?? 0,
    age(object, nowMs),
    ...containerCells(object.spec.template.spec?.containers),
    formatLabelSelector(object.spec.selector),
  ],
};

export const replicaSetPrinter: KindPrinter<ReplicaSet> = {
  columns: [NAME, DESIRED, CURRENT, READY, AGE, CONTAINERS, IMAGES, SELECTOR],
  cells: (object, nowMs) => [...replicaCells(object, nowMs), formatLabelSelector(object.spec.selector)],
};

export const replicationControllerPrinter: KindPrinter<ReplicationController> = {
  columns: replicaSetPrinter.columns,
  cells: (object, nowMs) => [...replicaCells(object, nowMs), formatLabels(object.spec.selector)],
};

function replicaCells(object: ReplicaSet | ReplicationController, nowMs: number): unknown[] {
  return [
    object.metadata.name,
    object.spec.replicas ?? 0,
    object.status?.replicas ?? 0,
    object.status?.readyReplicas ?? 0,
    age(object, nowMs),
    ...containerCells(object.spec.template?.spec?.containers),
  ];
}

export const statefulSetPrinter: KindPrinter<StatefulSet> = {
  columns: [NAME, text('Ready', 'Ready Pods of the wanted ones'), AGE, CONTAINERS, IMAGES],
  cells: (object, nowMs) => [
    object.metadata.name,
    `${object.status?.readyReplicas ?? 0}/${object.spec.replicas ?? 0}`,
    age(object, nowMs),
    ...containerCells(object.spec.template.spec?.containers),
  ],
};

export const daemonSetPrinter: KindPrinter<DaemonSet> = {
  columns: [
    NAME,
    DESIRED,
    CURRENT,
    READY,
    count('Up-to-date', 'Pods of the newest template'),
    count('Available', 'Pods ready for long enough'),
    text('Node Selector', 'Which nodes get a Pod'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    object.status?.desiredNumberScheduled ?? 0,
    object.status?.currentNumberScheduled ?? 0,
    object.status?.numberReady ?? 0,
    object.status?.updatedNumberScheduled ?? 0,
    object.status?.numberAvailable ?? 0,
    formatLabels(object.spec.template.spec?.nodeSelector),
    age(object, nowMs),
    ...containerCells(object.spec.template.spec?.containers),
    formatLabelSelector(object.spec.selector),
  ],
};

export const jobPrinter: KindPrinter<Job> = {
  columns: [
    NAME,
    text('Status', 'Whether it runs, and how it ended'),
    text('Completions', 'Finished Pods of the wanted ones'),
    text('Duration', 'How long it ran'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    jobStatus(object),
    `${object.status?.succeeded ?? 0}/${object.spec.completions ?? object.spec.parallelism ?? 1}`,
    jobDuration(object, nowMs),
    age(object, nowMs),
    ...containerCells(object.spec.template.spec?.containers),
    formatLabelSelector(object.spec.selector),
  ],
};

/** The last condition that holds, in the order in which a Job passes through them. */
function jobStatus(job: Job): string {
  const holds = (type: string) => job.status?.conditions?.some((c) => c.type === type && c.status === 'True');
  if (holds('Complete')) return 'Complete';
  if (holds('Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (holds('Suspended')) return 'Suspended';
  if (holds('FailureTarget')) return 'FailureTarget';
  return holds('SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function jobDuration(job: Job, nowMs: number): string {
  const start = job.status?.startTime;
  if (start === undefined) return '';
  const end = job.status?.completionTime;
  return formatAge((end === undefined ? nowMs : Date.parse(end)) - Date.parse(start));
}

export const cronJobPrinter: KindPrinter<CronJob> = {
  columns: [
    NAME,
    text('Schedule', 'When it runs'),
    text('Timezone', 'Whose clock it follows'),
    text('Suspend', 'Whether it pauses'),
    count('Active', 'Jobs that run now'),
    text('Last Schedule', 'Time since it last started a Job'),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
  ],
  cells: (object, nowMs) => {
    const last = object.status?.lastScheduleTime;
    return [
      object.metadata.name,
      object.spec.schedule,
      object.spec.timeZone ?? NONE,
      object.spec.suspend ? 'True' : 'False',
      object.status?.active?.length ?? 0,
      last === undefined ? NONE : formatAge(nowMs - Date.parse(last)),
      age(object, nowMs),
      ...containerCells(object.spec.jobTemplate.spec?.template.spec?.containers),
      formatLabelSelector(object.spec.jobTemplate.spec?.selector),
    ];
  },
};

export const disruptionBudgetPrinter: KindPrinter<PodDisruptionBudget> = {
  columns: [
    NAME,
    text('Min Available', 'How many Pods must stay'),
    text('Max Unavailable', 'How many Pods may be missing'),
    count('Allowed Disruptions', 'How many Pods may be evicted now'),
    AGE,
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    object.spec.minAvailable === undefined ? 'N/A' : String(object.spec.minAvailable),
    object.spec.maxUnavailable === undefined ? 'N/A' : String(object.spec.maxUnavailable),
    object.status?.disruptionsAllowed ?? 0,
    age(object, nowMs),
  ],
};

export const controllerRevisionPrinter: KindPrinter<ControllerRevision> = {
  columns: [NAME, text('Controller', 'Whose history it is'), count('Revision', 'Its number'), AGE],
  cells: (object, nowMs) => {
    const owner = object.metadata.ownerReferences?.find((reference) => reference.controller);
    return [
      object.metadata.name,
      owner === undefined ? NONE : `${owner.kind.toLowerCase()}/${owner.name}`,
      object.revision,
      age(object, nowMs),
    ];
  },
};

export const autoscalerPrinter: KindPrinter<HorizontalPodAutoscaler> = {
  columns: [
    NAME,
    text('Reference', 'What it scales'),
    text('Targets', 'Measured values of the wanted ones'),
    text('MinPods', 'Lowest number of Pods'),
    text('MaxPods', 'Highest number of Pods'),
    text('Replicas', 'Number of Pods now'),
    AGE,
  ],
  cells: (object, nowMs) => [
    object.metadata.name,
    `${object.spec.scaleTargetRef.kind}/${object.spec.scaleTargetRef.name}`,
    (object.spec.metrics ?? [])
      .map((metric) => `${metric.resource?.name ?? metric.type}: <unknown>`)
      .join(', ') || NONE,
    String(object.spec.minReplicas ?? '<unset>'),
    object.spec.maxReplicas,
    object.status?.currentReplicas ?? 0,
    age(object, nowMs),
  ],
};
