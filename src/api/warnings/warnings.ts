/**
 * What a valid object is warned of: things that upstream accepts and that are hardly meant, ignored or out of date. One row
 * for each kind that knows any; clients show the texts as `Warning: …`.
 *
 * @see k8s.io/kubernetes/pkg/registry, WarningsOnCreate and WarningsOnUpdate of each strategy
 */
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../generated/apps-v1.ts';
import type { CronJob, Job, JobSpec } from '../generated/batch-v1.ts';
import type { Node, Pod, PodTemplate, ReplicationController, ServiceAccount } from '../generated/core-v1.ts';
import type { Ingress } from '../generated/networking-v1.ts';
import type { RuntimeClass } from '../generated/node-v1.ts';
import type { KubeObject } from '../meta.ts';
import { dns1123LabelProblem } from '../validation/names.ts';
import { labelDeprecation } from './node-labels.ts';
import { warningsOfPod, warningsOfTemplate } from './pod-warnings.ts';
import { warningsOfService } from './service-warnings.ts';
import {
  warningsOfClaim,
  warningsOfClaimSpec,
  warningsOfStorageClass,
  warningsOfVolume,
} from './storage-warnings.ts';

interface KindWarnings {
  of: (object: never) => string[];
  /** Of its name, which is looked at once. */
  ofName?: (name: string) => string[];
  /** Updates that leave the spec alone are not warned of it again. */
  onlyNewSpecs?: true;
  /** What there was before the update is not warned of again. */
  onlyNews?: true;
}

const SURPRISE = 'which can result in surprising behavior; a DNS label is recommended';
/** From this on completed indexes may be too many to be written down. */
const COMPLETIONS_MAX = 100_000;
const PARALLELISM_MAX = 10_000;

function ofPodNames(use: string): (name: string) => string[] {
  return (name) => {
    const problem = dns1123LabelProblem(name);
    return problem === undefined ? [] : [`metadata.name: ${use}, ${SURPRISE}: [${problem}]`];
  };
}

const inPodNames = ofPodNames('this is used in Pod names and hostnames');

const WARNINGS: Readonly<Record<string, KindWarnings>> = {
  'v1/Node': { of: ofNode },
  'v1/PersistentVolume': { of: warningsOfVolume },
  'v1/PersistentVolumeClaim': { of: warningsOfClaim },
  'v1/Pod': {
    of: (pod: Pod) => warningsOfPod(pod),
    ofName: ofPodNames("this is used in the Pod's hostname"),
  },
  'v1/PodTemplate': {
    of: ({ template }: PodTemplate) => warningsOfTemplate(template, 'template'),
    onlyNewSpecs: true,
  },
  'v1/ReplicationController': {
    of: ({ spec }: ReplicationController) => warningsOfTemplate(spec?.template, 'spec.template'),
    ofName: inPodNames,
    onlyNewSpecs: true,
  },
  'v1/Service': { of: warningsOfService },
  'v1/ServiceAccount': { of: ofServiceAccount, onlyNews: true },
  'apps/v1/DaemonSet': {
    of: ({ spec }: DaemonSet) => warningsOfTemplate(spec.template, 'spec.template'),
    onlyNewSpecs: true,
  },
  'apps/v1/Deployment': {
    of: ({ spec }: Deployment) => warningsOfTemplate(spec.template, 'spec.template'),
    ofName: inPodNames,
    onlyNewSpecs: true,
  },
  'apps/v1/ReplicaSet': {
    of: ({ spec }: ReplicaSet) => warningsOfTemplate(spec.template, 'spec.template'),
    ofName: inPodNames,
    onlyNewSpecs: true,
  },
  'apps/v1/StatefulSet': { of: ofStatefulSet, onlyNewSpecs: true },
  'batch/v1/CronJob': { of: ofCronJob, ofName: inPodNames },
  'batch/v1/Job': { of: ({ spec }: Job) => ofJobSpec(spec, 'spec'), ofName: inPodNames, onlyNewSpecs: true },
  'networking.k8s.io/v1/Ingress': { of: ofIngress },
  'node.k8s.io/v1/RuntimeClass': { of: ofRuntimeClass },
  'storage.k8s.io/v1/StorageClass': { of: warningsOfStorageClass },
};

export function warningsOnCreate(object: KubeObject): string[] {
  const row = rowOf(object);
  if (row === undefined) return [];
  return [...(row.ofName?.(object.metadata.name) ?? []), ...row.of(object as never)];
}

/** @param old  before the update; generations tell whether the spec is another */
export function warningsOnUpdate(object: KubeObject, old: KubeObject): string[] {
  const row = rowOf(object);
  if (row === undefined) return [];
  const isSame = object.metadata.generation === old.metadata.generation;
  if (row.onlyNewSpecs && isSame) return [];
  const warnings = row.of(object as never);
  if (!row.onlyNews || warnings.length === 0) return warnings;
  const before = new Set(row.of(old as never));
  return warnings.filter((text) => !before.has(text));
}

function rowOf({ apiVersion, kind }: KubeObject): KindWarnings | undefined {
  return WARNINGS[`${apiVersion}/${kind}`];
}

function ofNode({ spec }: Node): string[] {
  return [
    ...(spec?.configSource === undefined ? [] : ['spec.configSource: the feature is removed']),
    ...(spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
  ];
}

function ofServiceAccount({ metadata }: ServiceAccount): string[] {
  const key = 'kubernetes.io/enforce-mountable-secrets';
  if (metadata.annotations?.[key] === undefined) return [];
  return [
    `metadata.annotations[${key}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
  ];
}

function ofStatefulSet({ spec }: StatefulSet): string[] {
  const { revisionHistoryLimit = 0, template, volumeClaimTemplates = [] } = spec;
  return [
    ...warningsOfTemplate(template, 'spec.template'),
    ...volumeClaimTemplates.flatMap((claim, i) =>
      warningsOfClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${i}]`),
    ),
    ...(revisionHistoryLimit < 0
      ? [
          'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended',
        ]
      : []),
  ];
}

function ofCronJob({ spec }: CronJob): string[] {
  const job = spec.jobTemplate?.spec;
  const hasZone = spec.schedule?.includes('TZ');
  return [
    ...(job === undefined ? [] : ofJobSpec(job, 'spec.jobTemplate.spec')),
    ...(hasZone
      ? [
          'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
        ]
      : []),
  ];
}

function ofJobSpec({ completionMode, completions = 0, parallelism = 0, template }: JobSpec, field: string) {
  const isHuge =
    completionMode === 'Indexed' && completions > COMPLETIONS_MAX && parallelism > PARALLELISM_MAX;
  return [
    ...(isHuge
      ? [
          `${field}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
        ]
      : []),
    ...warningsOfTemplate(template, `${field}.template`),
  ];
}

function ofIngress({ metadata }: Ingress): string[] {
  const key = 'kubernetes.io/ingress.class';
  if (metadata.annotations?.[key] === undefined) return [];
  return [`annotation ${JSON.stringify(key)} is deprecated, please use 'spec.ingressClassName' instead`];
}

function ofRuntimeClass({ scheduling }: RuntimeClass): string[] {
  const { nodeSelector = {} } = scheduling ?? {};
  return Object.keys(nodeSelector).flatMap((key) => {
    const text = labelDeprecation(key);
    return text === undefined ? [] : [`scheduling.nodeSelector: ${text}`];
  });
}
