/**
 * What metrics-server adds to the API: what nodes and Pods use. Not in the table of kinds: it is served only where there
 * are agents to ask, and has no schema of its own.
 *
 * @see k8s.io/metrics/pkg/apis/metrics/v1beta1/types.go
 */
import type { ObjectMeta } from '../generated/meta-v1.ts';
import { newResource } from '../resource-row.ts';

/** `cpu` in cores, `memory` in bytes. */
export interface UsageList extends Record<string, string> {
  cpu: string;
  memory: string;
}

export interface NodeMetrics {
  apiVersion: 'metrics.k8s.io/v1beta1';
  kind: 'NodeMetrics';
  metadata: ObjectMeta;
  /** The end of the window. */
  timestamp: string;
  /** `15.05s` */
  window: string;
  usage: UsageList;
}

export interface PodMetrics extends Omit<NodeMetrics, 'kind' | 'usage'> {
  kind: 'PodMetrics';
  containers: { name: string; usage: UsageList }[];
}

const METRICS = 'metrics.k8s.io/v1beta1';

export const NODE_METRICS = newResource<NodeMetrics>(METRICS, 'NodeMetrics', 'nodes', {
  clusterScoped: true,
  verbs: ['get', 'list'],
  virtual: true,
});
export const POD_METRICS = newResource<PodMetrics>(METRICS, 'PodMetrics', 'pods', {
  verbs: ['get', 'list'],
  virtual: true,
});
