/** Defaults of what asks for devices. @see kubernetes/kubernetes pkg/apis/resource/v1/defaults.go */
import type { DeviceSubRequest, ResourceClaimSpec } from '../generated/resource-v1.ts';

export function defaultResourceClaim({ spec }: { spec?: ResourceClaimSpec }): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    if (exactly !== undefined) defaultRequest(exactly);
    for (const request of firstAvailable) defaultRequest(request);
  }
}

export function defaultResourceClaimTemplate({ spec }: { spec?: { spec?: ResourceClaimSpec } }): void {
  if (spec?.spec !== undefined) defaultResourceClaim({ spec: spec.spec });
}

function defaultRequest(request: Pick<DeviceSubRequest, 'allocationMode' | 'count'>): void {
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
}
