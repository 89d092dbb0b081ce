/**
 * `DoNotSchedule` constraints: a Pod goes only where its domain would not get further ahead of the emptiest one than
 * `maxSkew`. With three zones holding 3, 2 and 1 matching Pods and a maxSkew of 1, the next one goes to the third zone only.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/filtering.go
 */
import { namespaceOf } from '../../api/meta.ts';
import { isPodTerminating } from '../../api/pod-conditions.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import {
  hasAllTopologyKeys,
  newSpreadConstraints,
  type SpreadConstraint,
} from '../topology/spread-constraints.ts';
import { type Filter, type NodeTest, type Rejection, resolvable, unresolvable } from './filter.ts';

const TOO_SKEWED = resolvable("node(s) didn't match pod topology spread constraints");
const NO_LABEL = unresolvable(
  "node(s) didn't match pod topology spread constraints (missing required label)",
);

export const podTopologySpread: Filter = {
  name: 'PodTopologySpread',
  prepare(info, cluster) {
    const constraints = newSpreadConstraints(info.pod, 'DoNotSchedule');
    return constraints.length === 0 ? undefined : new SpreadTest(info, constraints, cluster);
  },
};

interface CountedConstraint extends SpreadConstraint {
  /** 1 when the Pod itself would count. */
  readonly self: number;
  /** Matching Pods by domain; a domain without any is here too. */
  readonly domains: Map<string, number>;
}

class SpreadTest implements NodeTest {
  readonly #namespace: string;
  readonly #constraints: readonly CountedConstraint[];
  /** Of each constraint, what the emptiest domain has; empty when it must be looked for again. */
  #least: number[] = [];

  constructor({ pod }: PodInfo, constraints: readonly SpreadConstraint[], cluster: ClusterView) {
    this.#namespace = namespaceOf(pod);
    this.#constraints = constraints.map((constraint) => ({
      ...constraint,
      self: constraint.matches(pod.metadata.labels) ? 1 : 0,
      domains: new Map(),
    }));
    const counts = constraints.map(({ matches }) => cluster.cohorts.countStaying(this.#namespace, matches));
    for (const node of cluster.nodes) {
      this.#count(node, (index) => counts[index]!.get(node) ?? 0);
    }
  }

  reject(node: NodeInfo): Rejection | undefined {
    for (let index = 0; index < this.#constraints.length; index++) {
      const { topologyKey, maxSkew, self, domains } = this.#constraints[index]!;
      const domain = node.domain(topologyKey);
      if (domain === undefined) return NO_LABEL;
      if ((domains.get(domain) ?? 0) + self - this.#leastOf(index) > maxSkew) return TOO_SKEWED;
    }
    return undefined;
  }

  adjust({ pod }: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    if (namespaceOf(pod) !== this.#namespace || isPodTerminating(pod)) return;
    this.#count(node, (index) => (this.#constraints[index]!.matches(pod.metadata.labels) ? sign : 0));
    this.#least = [];
  }

  #count(node: NodeInfo, deltaOf: (index: number) => number): void {
    if (!hasAllTopologyKeys(node, this.#constraints)) return;
    for (let index = 0; index < this.#constraints.length; index++) {
      const constraint = this.#constraints[index]!;
      if (!constraint.includes(node)) continue;
      const domain = node.domain(constraint.topologyKey)!;
      constraint.domains.set(domain, (constraint.domains.get(domain) ?? 0) + deltaOf(index));
    }
  }

  /** Fewer domains than `minDomains`: one of those to come is empty. */
  #leastOf(index: number): number {
    if (this.#least.length === 0) {
      this.#least = this.#constraints.map(({ domains, minDomains }) =>
        domains.size < minDomains ? 0 : Math.min(...domains.values()),
      );
    }
    return this.#least[index]!;
  }
}
