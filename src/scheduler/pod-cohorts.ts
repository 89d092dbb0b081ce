/**
 * Placed Pods by what topology rules see of them. Pods of one namespace with the same labels, the same rules about other
 * Pods and the same prospect (staying or terminating) are one cohort, and a cohort knows how many of it run on each node:
 *
 *     cohort { default, app=web, staying } ──► node-1: 2, node-7: 1
 *
 * A template's ten thousand Pods are one cohort, so a selector is matched once and not ten thousand times.
 * Invariant: the sum over all cohorts' nodes is the number of Pods on known nodes; no cohort is empty.
 */
import type { Pod } from '../api/generated/core-v1.ts';
import { namespaceOf } from '../api/meta.ts';
import { isPodTerminating } from '../api/pod-conditions.ts';
import type { LabelMatcher, Labels } from '../api/selectors.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import { hasPodAffinity, newPodAffinityRules, type PodAffinityRules } from './topology/affinity-terms.ts';

export interface PodCohort {
  readonly namespace: string;
  readonly labels: Labels;
  readonly terminating: boolean;
  /** What these Pods ask of the Pods around them; absent when nothing. */
  readonly affinity: PodAffinityRules | undefined;
  /** How many run where; never 0. */
  readonly nodes: ReadonlyMap<NodeInfo, number>;
}

interface MutableCohort extends PodCohort {
  readonly key: string;
  readonly nodes: Map<NodeInfo, number>;
}

const NONE: ReadonlyMap<string, PodCohort> = new Map();
const NO_LABELS: Labels = {};

export class PodCohorts {
  readonly #byNamespace = new Map<string, Map<string, MutableCohort>>();
  readonly #withAffinity = new Set<PodCohort>();
  /** A Pod's infos come and go as it changes, so the key is kept with each. */
  readonly #keys = new WeakMap<PodInfo, string>();

  /** Those whose Pods have rules about other Pods. */
  get withAffinity(): ReadonlySet<PodCohort> {
    return this.#withAffinity;
  }

  add(info: PodInfo, node: NodeInfo): void {
    const { nodes } = this.#cohortOf(info);
    nodes.set(node, (nodes.get(node) ?? 0) + 1);
  }

  remove(info: PodInfo, node: NodeInfo): void {
    const cohort = this.#cohortOf(info);
    const left = (cohort.nodes.get(node) ?? 0) - 1;
    if (left > 0) cohort.nodes.set(node, left);
    else cohort.nodes.delete(node);
    if (cohort.nodes.size === 0) this.#drop(cohort);
  }

  /** Of one namespace. */
  in(namespace: string): Iterable<PodCohort> {
    return (this.#byNamespace.get(namespace) ?? NONE).values();
  }

  namespaces(): Iterable<string> {
    return this.#byNamespace.keys();
  }

  /** How many Pods of `namespace` that `matches` and that stay run on each node; nodes without one are absent. */
  countStaying(namespace: string, matches: LabelMatcher): ReadonlyMap<NodeInfo, number> {
    let only: ReadonlyMap<NodeInfo, number> | undefined;
    let merged: Map<NodeInfo, number> | undefined;
    for (const cohort of this.in(namespace)) {
      if (cohort.terminating || !matches(cohort.labels)) continue;
      if (only === undefined) {
        only = cohort.nodes;
        continue;
      }
      merged ??= new Map(only);
      for (const [node, count] of cohort.nodes) merged.set(node, (merged.get(node) ?? 0) + count);
    }
    return merged ?? only ?? new Map();
  }

  #cohortOf(info: PodInfo): MutableCohort {
    const { pod } = info;
    const namespace = namespaceOf(pod);
    let cohorts = this.#byNamespace.get(namespace);
    if (cohorts === undefined) {
      cohorts = new Map();
      this.#byNamespace.set(namespace, cohorts);
    }
    const key = this.#keyOf(info);
    let cohort = cohorts.get(key);
    if (cohort === undefined) {
      cohort = newCohort(key, pod);
      cohorts.set(key, cohort);
      if (cohort.affinity !== undefined) this.#withAffinity.add(cohort);
    }
    return cohort;
  }

  #keyOf(info: PodInfo): string {
    let key = this.#keys.get(info);
    if (key === undefined) {
      const { metadata, spec } = info.pod;
      const rules = hasPodAffinity(info.pod)
        ? [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]
        : [];
      key = JSON.stringify([isPodTerminating(info.pod), metadata.labels, ...rules]);
      this.#keys.set(info, key);
    }
    return key;
  }

  #drop(cohort: MutableCohort): void {
    const cohorts = this.#byNamespace.get(cohort.namespace)!;
    cohorts.delete(cohort.key);
    if (cohorts.size === 0) this.#byNamespace.delete(cohort.namespace);
    this.#withAffinity.delete(cohort);
  }
}

function newCohort(key: string, pod: Pod): MutableCohort {
  return {
    key,
    namespace: namespaceOf(pod),
    labels: pod.metadata.labels ?? NO_LABELS,
    terminating: isPodTerminating(pod),
    affinity: hasPodAffinity(pod) ? newPodAffinityRules(pod) : undefined,
    nodes: new Map(),
  };
}
