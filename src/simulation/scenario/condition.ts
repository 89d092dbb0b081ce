/** Something that can be asked of the cluster's objects at any moment. */
import type { ResourceRow } from '../../api/resources.ts';
import type { RoutingTable } from '../../network/dataplane.ts';
import type { ObjectMirror } from './object-mirror.ts';

export interface Condition {
  /** What should be, in words: `pod/web: status.phase is "Running"`. */
  readonly expected: string;
  /** Whether a change of one of this kind can change the answer. */
  concerns(row: ResourceRow): boolean;
  evaluate(cluster: ClusterView): Answer;
}

export interface Answer {
  holds: boolean;
  /** What is, in words. */
  actual: string;
}

/** A cluster as it is now, for whoever asks from outside. */
export interface ClusterView {
  readonly objects: ObjectMirror;
  /** By what the node's proxy routes. */
  routesOf(node: string): RoutingTable;
}
