/** What runs Pods, and what watches over them. */
import type { Descriptions } from './description.ts';

export const APPS: Descriptions = {
  package: 'io.k8s.api.apps.v1',
  texts: {
    Deployment:
      'Keeps a number of equal Pods running, and replaces them step by step when their template changes.',
    'DeploymentSpec.replicas': 'How many Pods; default 1.',
    'DeploymentSpec.selector':
      'Which Pods are its own. It must match the labels of the template and cannot be changed.',
    'DeploymentSpec.template': 'What the Pods look like. A change of it begins a rollout.',
    'DeploymentSpec.strategy': 'How old Pods are replaced by new ones.',
    'DeploymentSpec.minReadySeconds': 'How long a Pod must be ready to count as available; default 0.',
    'DeploymentSpec.revisionHistoryLimit': 'How many old ReplicaSets are kept, to go back to; default 10.',
    'DeploymentSpec.paused': 'Whether changes of the template wait, so that several make one rollout.',
    'DeploymentSpec.progressDeadlineSeconds':
      'How long a rollout may stand still before it is told as failed; default 600 s.',
    'DeploymentStrategy.type':
      'RollingUpdate (default), or Recreate: all old Pods end before new ones start.',
    'DeploymentStrategy.rollingUpdate': 'How far a rolling update may go at a time.',
    'RollingUpdateDeployment.maxUnavailable':
      'How many Pods may be missing meanwhile, as a number or a share, rounded down; default 25%.',
    'RollingUpdateDeployment.maxSurge':
      'How many Pods may be there beyond the wanted number, as a number or a share, rounded up; default 25%.',
    'DeploymentStatus.replicas': 'How many Pods there are.',
    'DeploymentStatus.updatedReplicas': 'How many are of the newest template.',
    'DeploymentStatus.readyReplicas': 'How many are ready.',
    'DeploymentStatus.availableReplicas': 'How many have been ready for minReadySeconds.',
    'DeploymentStatus.unavailableReplicas': 'How many are missing until as many are available as are wanted.',
    'DeploymentStatus.observedGeneration': 'The generation of the Deployment that this status is of.',
    'DeploymentStatus.conditions': 'Available, Progressing and ReplicaFailure.',
    ReplicaSet: 'Keeps a number of equal Pods running. Mostly a Deployment makes it.',
    'ReplicaSetSpec.replicas': 'How many Pods; default 1.',
    'ReplicaSetSpec.selector':
      'Which Pods are its own. It must match the labels of the template and cannot be changed.',
    'ReplicaSetSpec.template': 'What the Pods look like. A change of it concerns only new ones.',
    'ReplicaSetSpec.minReadySeconds': 'How long a Pod must be ready to count as available; default 0.',
    StatefulSet:
      'Keeps Pods with identities running: each has a number, a name that stays, and volumes of its own.',
    'StatefulSetSpec.replicas': 'How many Pods, numbered from 0; default 1.',
    'StatefulSetSpec.selector':
      'Which Pods are its own. It must match the labels of the template and cannot be changed.',
    'StatefulSetSpec.serviceName': 'The headless Service that gives the Pods their DNS names.',
    'StatefulSetSpec.template': 'What the Pods look like.',
    'StatefulSetSpec.volumeClaimTemplates':
      'Claims that each Pod has of its own. They stay when the Pod goes.',
    'StatefulSetSpec.podManagementPolicy':
      'OrderedReady (default): one after another, each when the one before it is ready; or Parallel.',
    'StatefulSetSpec.updateStrategy': 'RollingUpdate (default), from the highest number down, or OnDelete.',
    'StatefulSetSpec.persistentVolumeClaimRetentionPolicy':
      'What becomes of claims when the set is deleted or made smaller.',
    'StatefulSetSpec.minReadySeconds': 'How long a Pod must be ready to count as available; default 0.',
    'StatefulSetSpec.revisionHistoryLimit': 'How many old revisions are kept; default 10.',
    'StatefulSetSpec.ordinals': 'The number of the first Pod; default 0.',
    'StatefulSetUpdateStrategy.type': 'RollingUpdate (default) or OnDelete.',
    'RollingUpdateStatefulSetStrategy.partition':
      'Only Pods with this number or a higher one are updated; default 0.',
    'StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted': 'Retain (default) or Delete.',
    'StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled': 'Retain (default) or Delete.',
    DaemonSet: 'Keeps one Pod running on every node that fits.',
    'DaemonSetSpec.selector':
      'Which Pods are its own. It must match the labels of the template and cannot be changed.',
    'DaemonSetSpec.template': 'What the Pods look like. Its node selector and affinity say on which nodes.',
    'DaemonSetSpec.updateStrategy': 'RollingUpdate (default) or OnDelete.',
    'DaemonSetSpec.minReadySeconds': 'How long a Pod must be ready to count as available; default 0.',
    'DaemonSetSpec.revisionHistoryLimit': 'How many old revisions are kept; default 10.',
    ControllerRevision: 'A former template of a StatefulSet or DaemonSet, to go back to.',
  },
};

export const BATCH: Descriptions = {
  package: 'io.k8s.api.batch.v1',
  texts: {
    Job: 'Runs Pods until a number of them have succeeded.',
    'JobSpec.template': 'What the Pods look like. Their restart policy is OnFailure or Never.',
    'JobSpec.completions': 'How many Pods must succeed; default 1.',
    'JobSpec.parallelism': 'How many Pods may run at a time; default 1.',
    'JobSpec.backoffLimit': 'How many failures are forgiven; default 6.',
    'JobSpec.backoffLimitPerIndex': 'How many failures are forgiven each index of an Indexed Job.',
    'JobSpec.activeDeadlineSeconds': 'How long the Job may take; then its Pods are ended and it has failed.',
    'JobSpec.ttlSecondsAfterFinished': 'How long after its end it is deleted; absent: never.',
    'JobSpec.completionMode':
      'NonIndexed (default), or Indexed: each Pod has an index, and each index must succeed once.',
    'JobSpec.suspend': 'Whether no Pods run for now.',
    'JobSpec.podFailurePolicy': 'What failures mean, by exit code or condition.',
    'JobSpec.successPolicy': 'When an Indexed Job has succeeded before all of its indexes have.',
    'JobSpec.podReplacementPolicy': 'When a Pod that is going is replaced: TerminatingOrFailed, or Failed.',
    'JobSpec.selector': 'Which Pods are its own; given at creation.',
    'JobSpec.manualSelector': 'Whether selector is the own choice of whoever creates the Job.',
    'JobStatus.active': 'How many Pods run or wait.',
    'JobStatus.succeeded': 'How many Pods have succeeded.',
    'JobStatus.failed': 'How many Pods have failed.',
    'JobStatus.startTime': 'When it was taken up.',
    'JobStatus.completionTime': 'When it succeeded.',
    'JobStatus.conditions': 'Complete, Failed, Suspended and others.',
    CronJob: 'Makes Jobs at set times.',
    'CronJobSpec.schedule':
      'When: minute, hour, day of the month, month, day of the week; or @daily and the like.',
    'CronJobSpec.timeZone':
      'The time zone of the schedule, such as Europe/Rome; default that of the controller.',
    'CronJobSpec.jobTemplate': 'What the Jobs look like.',
    'CronJobSpec.concurrencyPolicy':
      'When the Job before still runs: Allow (default) both, Forbid the new one, or Replace the old one.',
    'CronJobSpec.startingDeadlineSeconds': 'How late a Job may start; later it is left out.',
    'CronJobSpec.suspend': 'Whether no Jobs are made for now.',
    'CronJobSpec.successfulJobsHistoryLimit': 'How many Jobs that succeeded are kept; default 3.',
    'CronJobSpec.failedJobsHistoryLimit': 'How many Jobs that failed are kept; default 1.',
  },
};

export const POLICY: Descriptions = {
  package: 'io.k8s.api.policy.v1',
  texts: {
    PodDisruptionBudget: 'How many of a set of Pods may be missing because of evictions.',
    'PodDisruptionBudgetSpec.selector': 'Which Pods.',
    'PodDisruptionBudgetSpec.minAvailable':
      'How many must stay healthy, as a number or a share. Not together with maxUnavailable.',
    'PodDisruptionBudgetSpec.maxUnavailable': 'How many may be missing, as a number or a share.',
    'PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy':
      'Whether Pods that are not ready may always be evicted: AlwaysAllow, or IfHealthyBudget (default).',
    'PodDisruptionBudgetStatus.disruptionsAllowed': 'How many evictions are allowed now.',
    'PodDisruptionBudgetStatus.currentHealthy': 'How many Pods are healthy.',
    'PodDisruptionBudgetStatus.desiredHealthy': 'How many must stay healthy.',
    'PodDisruptionBudgetStatus.expectedPods': 'How many there should be.',
  },
};

const AUTOSCALER = {
  HorizontalPodAutoscaler: 'Keeps the number of Pods of a workload by their load.',
  'HorizontalPodAutoscalerSpec.scaleTargetRef': 'What is scaled.',
  'HorizontalPodAutoscalerSpec.minReplicas': 'The least number of Pods; default 1.',
  'HorizontalPodAutoscalerSpec.maxReplicas': 'The greatest number of Pods.',
};

export const AUTOSCALING_V1: Descriptions = { package: 'io.k8s.api.autoscaling.v1', texts: AUTOSCALER };

export const AUTOSCALING_V2: Descriptions = {
  package: 'io.k8s.api.autoscaling.v2',
  texts: {
    ...AUTOSCALER,
    'HorizontalPodAutoscalerSpec.metrics':
      'What is measured, and its target; the metric that wants most decides. Default 80 % of the requested CPU.',
    'HorizontalPodAutoscalerSpec.behavior': 'How fast it may grow and shrink.',
  },
};
