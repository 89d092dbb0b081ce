/** Who keeps a number of Pods alike: ReplicaSets, and ReplicationControllers, which differ in how a selector is written. */
import type { ReplicaSet } from '../../api/generated/apps-v1.ts';
import type { ReplicationController } from '../../api/generated/core-v1.ts';
import type { LabelSelector } from '../../api/generated/meta-v1.ts';
import { REPLICA_SETS, REPLICATION_CONTROLLERS, type ResourceRef } from '../../api/resources.ts';

export type Replicator = ReplicaSet | ReplicationController;

export interface ReplicatorKind<T extends Replicator> {
  /** As in logs, metrics and user agents. */
  readonly name: string;
  readonly resource: ResourceRef<T>;
  readonly selectorOf: (replicator: T) => LabelSelector;
}

export const REPLICA_SET_KIND: ReplicatorKind<ReplicaSet> = {
  name: 'replicaset',
  resource: REPLICA_SETS,
  selectorOf: ({ spec }) => spec.selector,
};

/** @see pkg/controller/replication/conversion.go */
export const REPLICATION_CONTROLLER_KIND: ReplicatorKind<ReplicationController> = {
  name: 'replicationcontroller',
  resource: REPLICATION_CONTROLLERS,
  selectorOf: ({ spec }) => ({ matchLabels: spec.selector ?? {} }),
};
