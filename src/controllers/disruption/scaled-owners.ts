/**
 * The workloads with `spec.replicas`, from their caches: one table row a kind.
 *
 * Upstream hears only of Pods, and so of a new scale when the first Pod follows it; here a scale is heard of itself.
 */
import type { Deployment, ReplicaSet, StatefulSet } from '../../api/generated/apps-v1.ts';
import type { ReplicationController } from '../../api/generated/core-v1.ts';
import type { OwnerReference } from '../../api/generated/meta-v1.ts';
import { type KubeObject, namespaceOf } from '../../api/meta.ts';
import { controllerOf, refersToKind } from '../../api/owner-references.ts';
import { DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS } from '../../api/resources.ts';
import type { Informer, InformerFactory } from '../../client/informer.ts';
import type { OwnerLookup, ScaledOwner } from './expected-scale.ts';

type ScaledObject = Deployment | ReplicaSet | StatefulSet | ReplicationController;

/** The kinds that have the subresource `scale`. */
const SCALED_KINDS = [DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, REPLICATION_CONTROLLERS] as const;

export interface ScaledOwners {
  readonly informers: readonly Informer<KubeObject>[];
  /** Looks up what controls objects of `namespace`. */
  in(namespace: string): OwnerLookup;
}

/** @param onScale  called with the namespace when a workload appears, goes, or wants another number of Pods */
export function newScaledOwners(
  factory: InformerFactory,
  onScale: (namespace: string) => void,
): ScaledOwners {
  const caches = SCALED_KINDS.map((resource) => ({
    resource,
    informer: factory.informer<ScaledObject>(resource) as Informer<ScaledObject>,
  }));
  for (const { informer } of caches) {
    informer.addListener({
      onAdd: (owner) => onScale(namespaceOf(owner)),
      onUpdate: (owner, previous) => {
        const isScaled = owner.spec?.replicas !== previous.spec?.replicas;
        const isHandedOver = controllerOf(owner)?.uid !== controllerOf(previous)?.uid;
        if (isScaled || isHandedOver) onScale(namespaceOf(owner));
      },
      onDelete: (owner) => onScale(namespaceOf(owner)),
    });
  }
  const find = (namespace: string, reference: OwnerReference): ScaledOwner | undefined => {
    const cache = caches.find(({ resource }) => refersToKind(reference, resource));
    const owner = cache?.informer.get(`${namespace}/${reference.name}`);
    if (owner === undefined || owner.metadata.uid !== reference.uid) return undefined;
    return { uid: reference.uid, replicas: owner.spec?.replicas ?? 1, controller: controllerOf(owner) };
  };
  return {
    informers: caches.map(({ informer }) => informer),
    in: (namespace) => (reference) => find(namespace, reference),
  };
}
