/**
 * What ResourceClaims count for in quotas: alone, and the devices of each class that they may get at most.
 *
 * Not yet: quotas by the extended resource that a DeviceClass names, which the scheduler would have to allocate.
 * @see kubernetes/kubernetes pkg/quota/v1/evaluator/core/resource_claims.go
 */
import type { DeviceRequest, DeviceSubRequest, ResourceClaim } from '../generated/resource-v1.ts';
import type { ResourceList } from '../resource-list.ts';
import type { QuotaEvaluator } from './evaluator.ts';

const COUNT = 'count/resourceclaims.resource.k8s.io';
const CLASS_SUFFIX = '.deviceclass.resource.k8s.io/devices';

/** The most that one claim can be given: what `All` may come to. @see resource/v1 AllocationResultsMaxSize */
const DEVICES_MAX = 32;

export const RESOURCE_CLAIM_EVALUATOR: QuotaEvaluator<ResourceClaim> = {
  matchesResource: (name) => name === COUNT || name.endsWith(CLASS_SUFFIX),
  matchesScope: () => false,
  usage: claimUsage,
  handles: (operation, subresource) =>
    subresource === '' && (operation === 'CREATE' || operation === 'UPDATE'),
};

function claimUsage({ spec }: ResourceClaim): ResourceList {
  const total = new Map<string, number>();
  for (const request of spec.devices?.requests ?? []) {
    for (const [name, devices] of devicesOf(request)) total.set(name, (total.get(name) ?? 0) + devices);
  }
  const devices = [...total].map(([name, count]) => [`${name}${CLASS_SUFFIX}`, String(count)]);
  return { [COUNT]: '1', ...Object.fromEntries(devices) };
}

/** By class; of alternatives the most that each class may have to give. */
function devicesOf({ exactly, firstAvailable = [] }: DeviceRequest): ReadonlyMap<string, number> {
  const most = new Map<string, number>();
  const alternatives = firstAvailable.length > 0 || exactly === undefined ? firstAvailable : [exactly];
  for (const { deviceClassName, ...asked } of alternatives) {
    most.set(deviceClassName, Math.max(most.get(deviceClassName) ?? 0, countOf(asked)));
  }
  return most;
}

/** A mode that is not known counts for nothing. */
function countOf({ allocationMode, count = 0 }: Pick<DeviceSubRequest, 'allocationMode' | 'count'>): number {
  if (allocationMode === 'ExactCount') return count;
  return allocationMode === 'All' ? DEVICES_MAX : 0;
}
