/**
 * What the Pods of a node request never exceeds what it offers.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources/fit.go fitsRequest
 */
import type { NodeInfo } from '../node-info.ts';
import type { ResourceRequest } from '../pod-info.ts';
import type { Filter, Rejection } from './filter.ts';

const DEFAULT_PODS_MAX = 110;

export const nodeResourcesFit: Filter = {
  name: 'NodeResourcesFit',
  prepare: ({ requests }) => ({
    reject: (node) => (fits(requests, node) ? undefined : shortages(requests, node)),
  }),
};

function fits(requests: readonly ResourceRequest[], { allocatable, requested, pods }: NodeInfo): boolean {
  if (pods.size >= (allocatable.get('pods') ?? DEFAULT_PODS_MAX)) return false;
  for (const { name, amount } of requests) {
    if (amount > (allocatable.get(name) ?? 0) - (requested.get(name) ?? 0)) return false;
  }
  return true;
}

/** A node that could not run the Pod even if it were empty is beyond help. */
function shortages(requests: readonly ResourceRequest[], node: NodeInfo): Rejection {
  const { allocatable, requested, pods } = node;
  const reasons = pods.size >= (allocatable.get('pods') ?? DEFAULT_PODS_MAX) ? ['Too many pods'] : [];
  let isTooSmall = false;
  for (const { name, amount } of requests) {
    const offered = allocatable.get(name) ?? 0;
    if (amount <= offered - (requested.get(name) ?? 0)) continue;
    reasons.push(`Insufficient ${name}`);
    isTooSmall ||= amount > offered;
  }
  return { reasons, unresolvable: isTooSmall };
}
