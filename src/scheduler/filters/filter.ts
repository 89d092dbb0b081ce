/**
 * A rule that says which nodes can run a Pod, in two steps: what the rule needs to know is worked out once for the Pod,
 * and then each node is only compared with it. A rule that has nothing to say of the Pod costs nothing for any node.
 *
 * @see k8s.io/kube-scheduler/framework PreFilterPlugin, FilterPlugin
 */
import type { ClusterView } from '../cluster-view.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

export type FilterName =
  | 'NodeUnschedulable'
  | 'NodeName'
  | 'TaintToleration'
  | 'NodeAffinity'
  | 'NodePorts'
  | 'NodeResourcesFit'
  | 'PodTopologySpread'
  | 'InterPodAffinity';

export interface Filter {
  readonly name: FilterName;
  /** `undefined` when every node will do. */
  prepare(info: PodInfo, cluster: ClusterView): NodeTest | undefined;
}

export interface NodeTest {
  /** Why `node` cannot run the Pod; `undefined` when it can. */
  reject(node: NodeInfo): Rejection | undefined;
  /**
   * From now on counts `other` as on `node` (1) or as gone from it (-1), for tests that look beyond one node. A 1 and a -1
   * of the same Pod leave the test as it was.
   */
  adjust?(other: PodInfo, node: NodeInfo, sign: 1 | -1): void;
}

export interface Rejection {
  /** As `kubectl describe` shows them after their number. */
  readonly reasons: readonly string[];
  /** It stays so, whatever Pods leave the node. */
  readonly unresolvable: boolean;
}

export function unresolvable(...reasons: string[]): Rejection {
  return { reasons, unresolvable: true };
}

export function resolvable(...reasons: string[]): Rejection {
  return { reasons, unresolvable: false };
}
