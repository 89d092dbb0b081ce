/** A Deployment's ReplicaSets: which is the current one, how large they are together. Pure. */
import type { Deployment, ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { NewObject } from '../../api/meta.ts';
import { newControllerRef } from '../../api/owner-references.ts';
import { DEPLOYMENTS } from '../../api/resources.ts';
import { newReplicaSetAnnotations } from './annotations.ts';
import { HASH_LABEL, isSameTemplate, templateHash } from './template-hash.ts';

/** The current ReplicaSet and the ones before it, oldest first. */
export interface Generations {
  current: ReplicaSet | undefined;
  old: readonly ReplicaSet[];
}

/** Of several ReplicaSets with the wanted template the oldest is the current one, as upstream decides. */
export function toGenerations(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Generations {
  const byAge = [...replicaSets].sort(compareAge);
  const current = byAge.find((rs) => isSameTemplate(rs.spec.template, deployment.spec.template));
  return { current, old: byAge.filter((rs) => rs !== current) };
}

export function compareAge(a: ReplicaSet, b: ReplicaSet): number {
  const [x, y] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  if (x !== y) return x < y ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

export function sizeOf(rs: ReplicaSet): number {
  return rs.spec.replicas ?? 1;
}

/**
 * Available Pods that will still be there: a ReplicaSet that was just scaled down reports its old count until its own
 * controller has acted.
 */
export function availableOf(rs: ReplicaSet): number {
  return Math.min(rs.status?.availableReplicas ?? 0, sizeOf(rs));
}

export function totalSize(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, rs) => sum + sizeOf(rs), 0);
}

export function totalAvailable(replicaSets: readonly ReplicaSet[]): number {
  return replicaSets.reduce((sum, rs) => sum + availableOf(rs), 0);
}

export function activeOnes(replicaSets: readonly ReplicaSet[]): ReplicaSet[] {
  return replicaSets.filter((rs) => sizeOf(rs) > 0);
}

/** The ReplicaSet for the wanted template, of size `replicas`. Its name is fixed by the template. */
export function newReplicaSet(
  deployment: Deployment,
  revision: number,
  replicas: number,
): NewObject<ReplicaSet> {
  const { spec, status } = deployment;
  const hash = templateHash(spec.template, status?.collisionCount);
  const labels = { ...spec.template.metadata?.labels, [HASH_LABEL]: hash };
  const { namespace = '', name } = deployment.metadata;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      annotations: { ...newReplicaSetAnnotations(deployment, revision) },
      ownerReferences: [newControllerRef(deployment, DEPLOYMENTS)],
    },
    spec: {
      replicas,
      minReadySeconds: spec.minReadySeconds ?? 0,
      selector: {
        ...spec.selector,
        matchLabels: { ...spec.selector.matchLabels, [HASH_LABEL]: hash },
      },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}

/** The planned ReplicaSet as if it already existed, without Pods: what the rest of the plan reckons with. */
export function asExisting(planned: NewObject<ReplicaSet>): ReplicaSet {
  const server = { uid: '', resourceVersion: '', creationTimestamp: '', name: '' };
  return { ...planned, metadata: { ...server, ...planned.metadata }, status: { replicas: 0 } };
}
