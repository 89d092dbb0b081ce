/**
 * The cluster as the scheduler sees it: informers tell of nodes and Pods, and the scheduler itself assumes a Pod on its
 * node from the moment of the decision, so that the next decision counts it although the cache has not seen the binding.
 *
 * Invariant: a Pod counts on exactly one node; what the API says replaces what was assumed.
 */
import type { Namespace, Node, Pod } from '../api/generated/core-v1.ts';
import { keyOf } from '../api/meta.ts';
import { isPodTerminal } from '../api/pod-conditions.ts';
import type { Labels } from '../api/selectors.ts';
import type { ClusterView } from './cluster-view.ts';
import { ImageIndex } from './image-index.ts';
import { NodeInfo } from './node-info.ts';
import { Nominations } from './nominations.ts';
import { PodCohorts } from './pod-cohorts.ts';
import { asksTheSame, newPodInfo, type PodInfo } from './pod-info.ts';
import { ZONE } from './topology/topology-keys.ts';
import type { WorkloadSelector } from './topology/workload-selector.ts';

export class ClusterSnapshot implements ClusterView {
  readonly cohorts = new PodCohorts();
  readonly images = new ImageIndex();
  readonly nominations = new Nominations();
  readonly workloadSelector: WorkloadSelector;
  readonly #namespaces = new Map<string, Labels>();
  readonly #nodes = new Map<string, NodeInfo>();
  /** Pods on nodes that are not known yet, by node name. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOfPod = new Map<string, string>();
  #list: readonly NodeInfo[] | undefined;

  /** @param workloadSelector  who belongs together by default; without it nobody does */
  constructor(workloadSelector: WorkloadSelector = () => undefined) {
    this.workloadSelector = workloadSelector;
  }

  get nodes(): readonly NodeInfo[] {
    this.#list ??= interleaveZones([...this.#nodes.values()]);
    return this.#list;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  readonly namespaceLabels = (name: string): Labels | undefined => this.#namespaces.get(name);

  setNamespace({ metadata }: Namespace): void {
    this.#namespaces.set(metadata.name, metadata.labels ?? {});
  }

  removeNamespace(name: string): void {
    this.#namespaces.delete(name);
  }

  setNode(node: Node): void {
    const known = this.#nodes.get(node.metadata.name);
    if (known !== undefined) {
      const zone = zoneOf(known);
      known.update(node);
      this.images.update(known);
      if (zoneOf(known) !== zone) this.#list = undefined;
      return;
    }
    const info = new NodeInfo(node);
    this.#nodes.set(info.name, info);
    this.images.update(info);
    for (const pod of this.#homeless.get(info.name)?.values() ?? []) this.#add(pod, info);
    this.#homeless.delete(info.name);
    this.#list = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#nodes.delete(name);
    this.images.remove(info);
    if (info.pods.size > 0) this.#homeless.set(name, info.pods);
    for (const pod of info.pods.values()) this.cohorts.remove(pod, info);
    this.#list = undefined;
  }

  /** A Pod that is bound to a node and still takes its resources; one that has ended takes none. */
  setPod(pod: Pod): void {
    const nodeName = pod.spec.nodeName;
    const key = keyOf(pod);
    if (!nodeName || isPodTerminal(pod)) {
      this.removePod(key);
      return;
    }
    const known = this.#nodes.get(nodeName)?.pods.get(key);
    if (known !== undefined && asksTheSame(known.pod, pod)) known.pod = pod;
    else this.place(newPodInfo(pod), nodeName);
  }

  /** Counts `info` on `nodeName` from now on, whatever was known of that Pod. */
  place(info: PodInfo, nodeName: string): void {
    this.removePod(info.key);
    this.#nodeOfPod.set(info.key, nodeName);
    const node = this.#nodes.get(nodeName);
    if (node !== undefined) {
      this.#add(info, node);
      return;
    }
    const homeless = this.#homeless.get(nodeName) ?? new Map<string, PodInfo>();
    homeless.set(info.key, info);
    this.#homeless.set(nodeName, homeless);
  }

  removePod(key: string): void {
    const nodeName = this.#nodeOfPod.get(key);
    if (nodeName === undefined) return;
    this.#nodeOfPod.delete(key);
    const node = this.#nodes.get(nodeName);
    const info = node?.pods.get(key);
    if (node !== undefined && info !== undefined) {
      node.remove(key);
      this.cohorts.remove(info, node);
    }
    const homeless = this.#homeless.get(nodeName);
    homeless?.delete(key);
    if (homeless?.size === 0) this.#homeless.delete(nodeName);
  }

  #add(info: PodInfo, node: NodeInfo): void {
    node.add(info);
    this.cohorts.add(info, node);
  }
}

function zoneOf({ labels }: NodeInfo): string {
  return `${labels['topology.kubernetes.io/region'] ?? ''}/${labels[ZONE] ?? ''}`;
}

/**
 * The zones in turn, in each the nodes by name: a search that stops early has then seen all zones alike.
 * @see k8s.io/kubernetes/pkg/scheduler/backend/cache/node_tree.go
 */
function interleaveZones(nodes: NodeInfo[]): NodeInfo[] {
  nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
  const places = new Map<string, number>();
  const placed = nodes.map((node) => {
    const place = places.get(zoneOf(node)) ?? 0;
    places.set(zoneOf(node), place + 1);
    return { node, place };
  });
  // The sort is stable, so nodes of one place stay in the order of their names.
  return placed.sort((a, b) => a.place - b.place).map(({ node }) => node);
}
