/**
 * A Pod's quality of service, which decides who is evicted first.
 *
 * @see kubernetes/kubernetes pkg/apis/core/v1/helper/qos/qos.go
 */

import { milliValue } from '../base/quantity.ts';
import type { Pod, ResourceRequirements } from './generated/core-v1.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COMPUTE = ['cpu', 'memory'] as const;

/** `Guaranteed`: every container limits cpu and memory and requests just that; `BestEffort`: nobody asks for anything. */
export function podQosClass(pod: Pod): QosClass {
  const { spec } = pod;
  const own = (spec as { resources?: ResourceRequirements }).resources;
  const resources = isCompute(own) ? [own] : allContainers(pod).map((container) => container.resources);
  if (!resources.some(isCompute)) return 'BestEffort';
  return resources.every(isExactlyLimited) ? 'Guaranteed' : 'Burstable';
}

function allContainers({ spec }: Pod): { resources?: ResourceRequirements }[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
}

function isCompute(resources: ResourceRequirements | undefined): boolean {
  return COMPUTE.some(
    (name) => amount(resources?.requests?.[name]) > 0 || amount(resources?.limits?.[name]) > 0,
  );
}

function isExactlyLimited(resources: ResourceRequirements | undefined): boolean {
  return COMPUTE.every((name) => {
    const limit = amount(resources?.limits?.[name]);
    const request = resources?.requests?.[name];
    return limit > 0 && (request === undefined || amount(request) === limit);
  });
}

function amount(quantity: string | undefined): number {
  return milliValue(quantity);
}
