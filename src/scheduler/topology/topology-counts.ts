/** A number for each topology pair: a label's key and its value on the nodes of one domain. Pairs at 0 are not kept. */
import type { NodeInfo } from '../node-info.ts';

export class TopologyCounts {
  readonly #byKey = new Map<string, Map<string, number>>();

  get isEmpty(): boolean {
    return this.#byKey.size === 0;
  }

  /** Adds `weight` for each of the Pods on `nodes` to the domain of its node; nodes without the label have none. */
  add(topologyKey: string, nodes: ReadonlyMap<NodeInfo, number>, weight = 1): void {
    for (const [node, pods] of nodes) {
      const domain = node.labels[topologyKey];
      if (domain !== undefined) this.#change(topologyKey, domain, pods * weight);
    }
  }

  /** Of the domain of `node` under `topologyKey`. */
  at(topologyKey: string, node: NodeInfo): number {
    const domain = node.labels[topologyKey];
    return domain === undefined ? 0 : (this.#byKey.get(topologyKey)?.get(domain) ?? 0);
  }

  /** Over all keys. */
  sum(node: NodeInfo): number {
    let total = 0;
    for (const key of this.#byKey.keys()) total += this.at(key, node);
    return total;
  }

  hasAny(node: NodeInfo): boolean {
    for (const key of this.#byKey.keys()) if (this.at(key, node) > 0) return true;
    return false;
  }

  #change(topologyKey: string, domain: string, delta: number): void {
    let domains = this.#byKey.get(topologyKey);
    if (domains === undefined) {
      domains = new Map();
      this.#byKey.set(topologyKey, domains);
    }
    const count = (domains.get(domain) ?? 0) + delta;
    if (count !== 0) domains.set(domain, count);
    else domains.delete(domain);
    if (domains.size === 0) this.#byKey.delete(topologyKey);
  }
}
