/**
 * What the Pods of a node request never exceeds what it offers.
 *
 * @see k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources/fit.go fitsRequest
 */
import type { NodeInfo } from '../node-info.ts';
import type { ResourceRequest } from '../pod-info.ts';
import type { Filter, Rejection } from './filter.ts';

export const nodeResourcesFit: Filter = {
  name: 'NodeResourcesFit',
  prepare: ({ requests }) => ({
    reject: (node) => (fits(requests, node) ? undefined : shortages(requests, node)),
  }),
};

function fits(requests: readonly ResourceRequest[], node: NodeInfo): boolean {
  if (node.podCount >= node.podsMax) return false;
  if (requests.length === 0) return true;
  const { allocatable, requested } = node;
  for (let index = 0; index < requests.length; index++) {
    const { name, amount } = requests[index]!;
    if (amount > (allocatable.get(name) ?? 0) - (requested.get(name) ?? 0)) return false;
  }
  return true;
}

/** A node that could not run the Pod even if it were empty is beyond help. */
function shortages(requests: readonly ResourceRequest[], node: NodeInfo): Rejection {
  const { allocatable, requested, podCount, podsMax } = node;
  const reasons = podCount >= podsMax ? ['Too many pods'] : [];
  let isTooSmall = false;
  for (const { name, amount } of requests) {
    const offered = allocatable.get(name) ?? 0;
    if (amount <= offered - (requested.get(name) ?? 0)) continue;
    reasons.push(`Insufficient ${name}`);
    isTooSmall ||= amount > offered;
  }
  return { reasons, unresolvable: isTooSmall };
}
