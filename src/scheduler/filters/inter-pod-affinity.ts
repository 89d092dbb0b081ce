/**
 * Required affinity and anti-affinity between Pods, in both directions: what the Pod asks of those that are there, and what
 * those that are there ask of it. All of it is counted by topology pair (`zone` = `a`) once for the Pod.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity/filtering.go
 */
import { namespaceOf } from '../../api/meta.ts';
import type { Labels } from '../../api/selectors.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import {
  type AffinityTerm,
  hasPodAffinity,
  newPodAffinityRules,
  type PodAffinityRules,
} from '../topology/affinity-terms.ts';
import { TopologyCounts } from '../topology/topology-counts.ts';
import { type Filter, type NodeTest, type Rejection, resolvable, unresolvable } from './filter.ts';

const AFFINITY = unresolvable("node(s) didn't match pod affinity rules");
const ANTI_AFFINITY = resolvable("node(s) didn't match pod anti-affinity rules");
const EXISTING_ANTI_AFFINITY = resolvable("node(s) didn't satisfy existing pods anti-affinity rules");

export const interPodAffinity: Filter = {
  name: 'InterPodAffinity',
  prepare(info, cluster) {
    const { requiredAffinity, requiredAntiAffinity } = newPodAffinityRules(info.pod);
    const asksNothing = requiredAffinity.length === 0 && requiredAntiAffinity.length === 0;
    if (asksNothing && cluster.cohorts.withAffinity.size === 0 && cluster.nominations.size === 0)
      return undefined;
    return new AffinityTest(info, { requiredAffinity, requiredAntiAffinity }, cluster);
  },
};

type Required = Pick<PodAffinityRules, 'requiredAffinity' | 'requiredAntiAffinity'>;

/** What is asked of a Pod, or by it, as far as counting goes. */
interface Counted {
  namespace: string;
  labels: Labels;
  affinity: Required | undefined;
}

const NO_LABELS: Labels = {};

class AffinityTest implements NodeTest {
  readonly #cluster: ClusterView;
  readonly #incoming: Counted;
  readonly #affinity: readonly AffinityTerm[];
  readonly #antiAffinity: readonly AffinityTerm[];
  /** Pods that match all affinity terms of the incoming one, under each term's pair. */
  readonly #wanted = new TopologyCounts();
  /** Pods that match an anti-affinity term of the incoming one. */
  readonly #unwanted = new TopologyCounts();
  /** Pods with an anti-affinity term that the incoming one matches. */
  readonly #unwelcoming = new TopologyCounts();

  constructor({ pod }: PodInfo, { requiredAffinity, requiredAntiAffinity }: Required, cluster: ClusterView) {
    this.#cluster = cluster;
    this.#affinity = requiredAffinity;
    this.#antiAffinity = requiredAntiAffinity;
    const labels = pod.metadata.labels ?? NO_LABELS;
    this.#incoming = { namespace: namespaceOf(pod), labels, affinity: undefined };
    const { cohorts } = cluster;
    for (const cohort of cohorts.withAffinity) this.#countUnwelcoming(cohort, cohort.nodes);
    if (requiredAffinity.length === 0 && requiredAntiAffinity.length === 0) return;
    for (const namespace of cohorts.namespaces()) {
      for (const cohort of cohorts.in(namespace)) this.#countMatching(cohort, cohort.nodes);
    }
  }

  reject(node: NodeInfo): Rejection | undefined {
    if (!this.#satisfiesAffinity(node)) return AFFINITY;
    if (this.#antiAffinity.some(({ topologyKey }) => this.#unwanted.at(topologyKey, node) > 0))
      return ANTI_AFFINITY;
    return this.#unwelcoming.hasAny(node) ? EXISTING_ANTI_AFFINITY : undefined;
  }

  adjust({ pod }: PodInfo, node: NodeInfo, sign: 1 | -1): void {
    const { labels = NO_LABELS } = pod.metadata;
    const affinity = hasPodAffinity(pod) ? newPodAffinityRules(pod) : undefined;
    const counted = { namespace: namespaceOf(pod), labels, affinity };
    const nodes = new Map([[node, sign]]);
    this.#countUnwelcoming(counted, nodes);
    this.#countMatching(counted, nodes);
  }

  #countUnwelcoming({ affinity }: Counted, nodes: ReadonlyMap<NodeInfo, number>): void {
    for (const term of affinity?.requiredAntiAffinity ?? []) {
      if (this.#matches(term, this.#incoming)) this.#unwelcoming.add(term.topologyKey, nodes);
    }
  }

  #countMatching(other: Counted, nodes: ReadonlyMap<NodeInfo, number>): void {
    if (this.#affinity.length > 0 && this.#affinity.every((term) => this.#matches(term, other))) {
      for (const { topologyKey } of this.#affinity) this.#wanted.add(topologyKey, nodes);
    }
    for (const term of this.#antiAffinity) {
      if (this.#matches(term, other)) this.#unwanted.add(term.topologyKey, nodes);
    }
  }

  #matches(term: AffinityTerm, { namespace, labels }: Counted): boolean {
    return term.matches(namespace, labels, this.#cluster.namespaceLabels);
  }

  /** The first of a group whose Pods all want to be near each other has nobody to be near: it may go anywhere. */
  #satisfiesAffinity(node: NodeInfo): boolean {
    if (this.#affinity.length === 0) return true;
    if (this.#affinity.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) return false;
    if (this.#affinity.every(({ topologyKey }) => this.#wanted.at(topologyKey, node) > 0)) return true;
    return this.#wanted.isEmpty && this.#affinity.every((term) => this.#matches(term, this.#incoming));
  }
}
