/** What one decision may know of the cluster. It stands still while the decision is made. */
import type { ImageIndex } from './image-index.ts';
import type { NodeInfo } from './node-info.ts';
import type { Nominations } from './nominations.ts';
import type { PodCohorts } from './pod-cohorts.ts';
import type { NamespaceLabels } from './topology/affinity-terms.ts';
import type { WorkloadSelector } from './topology/workload-selector.ts';

export interface ClusterView {
  /** In a fixed order in which the zones take turns. */
  readonly nodes: readonly NodeInfo[];
  node(name: string): NodeInfo | undefined;
  /** The Pods on these nodes, bound or assumed. */
  readonly cohorts: PodCohorts;
  readonly images: ImageIndex;
  readonly nominations: Nominations;
  readonly namespaceLabels: NamespaceLabels;
  readonly workloadSelector: WorkloadSelector;
}
