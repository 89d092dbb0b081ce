/**
 * The cluster as the scheduler sees it: informers tell of nodes and Pods, and the scheduler itself assumes a Pod on its
 * node from the moment of the decision, so that the next decision counts it although the cache has not seen the binding.
 *
 * Invariant: a Pod counts on exactly one node; what the API says replaces what was assumed.
 */
import type { Node, Pod } from '../api/generated/core-v1.ts';
import { keyOf } from '../api/meta.ts';
import { isPodTerminal } from '../api/pod-conditions.ts';
import { NodeInfo, newPodInfo, type PodInfo } from './node-info.ts';

export class ClusterSnapshot {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Pods on nodes that are not known yet, by node name. */
  readonly #homeless = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOfPod = new Map<string, string>();
  #list: readonly NodeInfo[] | undefined;

  /** In the order of their names. */
  get nodes(): readonly NodeInfo[] {
    this.#list ??= [...this.#nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.#list;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  setNode(node: Node): void {
    const known = this.#nodes.get(node.metadata.name);
    if (known !== undefined) {
      known.update(node);
      return;
    }
    const info = new NodeInfo(node);
    this.#nodes.set(info.name, info);
    for (const pod of this.#homeless.get(info.name)?.values() ?? []) info.add(pod);
    this.#homeless.delete(info.name);
    this.#list = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#nodes.delete(name);
    if (info.pods.size > 0) this.#homeless.set(name, info.pods);
    this.#list = undefined;
  }

  /** A Pod that is bound to a node and still takes its resources; one that has ended takes none. */
  setPod(pod: Pod): void {
    const nodeName = pod.spec.nodeName;
    if (!nodeName || isPodTerminal(pod)) this.removePod(keyOf(pod));
    else this.place(newPodInfo(pod), nodeName);
  }

  /** Counts `info` on `nodeName` from now on. */
  place(info: PodInfo, nodeName: string): void {
    const before = this.#nodeOfPod.get(info.key);
    if (before !== undefined && before !== nodeName) this.removePod(info.key);
    this.#nodeOfPod.set(info.key, nodeName);
    const node = this.#nodes.get(nodeName);
    if (node !== undefined) {
      node.add(info);
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
    this.#nodes.get(nodeName)?.remove(key);
    const homeless = this.#homeless.get(nodeName);
    homeless?.delete(key);
    if (homeless?.size === 0) this.#homeless.delete(nodeName);
  }
}
