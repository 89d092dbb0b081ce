/**
 * Pods that wait for a node that is being emptied for them. Others count them there, unless they are more important, so that
 * what was freed is not taken by whoever comes first.
 *
 * Invariant: a Pod is nominated to one node at most.
 * @see k8s.io/kubernetes/pkg/scheduler/backend/queue/nominator.go
 */
import type { PodInfo } from './pod-info.ts';

export class Nominations {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOfPod = new Map<string, string>();

  get size(): number {
    return this.#nodeOfPod.size;
  }

  nodeOf(key: string): string | undefined {
    return this.#nodeOfPod.get(key);
  }

  set(info: PodInfo, nodeName: string): void {
    this.remove(info.key);
    this.#nodeOfPod.set(info.key, nodeName);
    const onNode = this.#byNode.get(nodeName) ?? new Map<string, PodInfo>();
    onNode.set(info.key, info);
    this.#byNode.set(nodeName, onNode);
  }

  remove(key: string): void {
    const nodeName = this.#nodeOfPod.get(key);
    if (nodeName === undefined) return;
    this.#nodeOfPod.delete(key);
    const onNode = this.#byNode.get(nodeName)!;
    onNode.delete(key);
    if (onNode.size === 0) this.#byNode.delete(nodeName);
  }

  /** Whom `info` must leave room for on `nodeName`: those at least as important. */
  ahead(info: PodInfo, nodeName: string): PodInfo[] {
    return this.#others(info, nodeName).filter(({ priority }) => priority >= info.priority);
  }

  /** Who loses the place on `nodeName` when `info` is nominated there. */
  behind(info: PodInfo, nodeName: string): PodInfo[] {
    return this.#others(info, nodeName).filter(({ priority }) => priority < info.priority);
  }

  #others(info: PodInfo, nodeName: string): PodInfo[] {
    return [...(this.#byNode.get(nodeName)?.values() ?? [])].filter(({ key }) => key !== info.key);
  }
}
