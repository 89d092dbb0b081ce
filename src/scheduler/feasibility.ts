/**
 * Whether one Pod can run on a node, by all filters: prepared once for the Pod, then asked of as many nodes as needed, also
 * of nodes as they would be with other Pods on them.
 */
import type { ClusterView } from './cluster-view.ts';
import type { FilterName, NodeTest, Rejection } from './filters/filter.ts';
import { FILTERS } from './filters/filters.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

export interface NamedRejection extends Rejection {
  readonly filter: FilterName;
}

export class Feasibility {
  readonly #info: PodInfo;
  readonly #cluster: ClusterView;
  readonly #names: FilterName[] = [];
  readonly #tests: NodeTest[] = [];

  constructor(info: PodInfo, cluster: ClusterView) {
    this.#info = info;
    this.#cluster = cluster;
    for (const filter of FILTERS) {
      const test = filter.prepare(info, cluster);
      if (test === undefined) continue;
      this.#names.push(filter.name);
      this.#tests.push(test);
    }
  }

  /**
   * Why `node` cannot run the Pod; `undefined` when it can. Pods that are nominated to the node and are at least as
   * important are counted as on it; and as they may never come, the node must do without them too.
   */
  reject(node: NodeInfo): NamedRejection | undefined {
    if (this.#cluster.nominations.size > 0) {
      const ahead = this.#cluster.nominations.ahead(this.#info, node.name);
      const rejection = ahead.length === 0 ? undefined : this.#rejectWith(node, ahead);
      if (rejection !== undefined) return rejection;
    }
    return this.#firstRejection(node);
  }

  /** A copy of `node` on which Pods can be tried. Call {@link Trial.end} before anything else is asked. */
  tryOn(node: NodeInfo): Trial {
    return new Trial(node, this.#tests);
  }

  #rejectWith(node: NodeInfo, others: readonly PodInfo[]): NamedRejection | undefined {
    const trial = this.tryOn(node);
    for (const other of others) trial.add(other);
    const rejection = this.#firstRejection(trial.node);
    trial.end();
    return rejection;
  }

  #firstRejection(node: NodeInfo): NamedRejection | undefined {
    for (let index = 0; index < this.#tests.length; index++) {
      const rejection = this.#tests[index]!.reject(node);
      if (rejection !== undefined) return { ...rejection, filter: this.#names[index]! };
    }
    return undefined;
  }
}

/** A node as it would be with some Pods more or fewer. */
export class Trial {
  readonly node: NodeInfo;
  readonly #tests: readonly NodeTest[];
  readonly #added = new Set<PodInfo>();
  readonly #removed = new Set<PodInfo>();

  constructor(node: NodeInfo, tests: readonly NodeTest[]) {
    this.node = node.copy();
    this.#tests = tests.filter((test) => test.adjust !== undefined);
  }

  add(info: PodInfo): void {
    this.node.add(info);
    this.#adjust(info, 1);
    if (!this.#removed.delete(info)) this.#added.add(info);
  }

  remove(info: PodInfo): void {
    this.node.remove(info.key);
    this.#adjust(info, -1);
    if (!this.#added.delete(info)) this.#removed.add(info);
  }

  /** Makes the filters forget what was tried. */
  end(): void {
    for (const info of this.#added) this.remove(info);
    for (const info of this.#removed) this.add(info);
  }

  #adjust(info: PodInfo, sign: 1 | -1): void {
    for (const test of this.#tests) test.adjust!(info, this.node, sign);
  }
}
