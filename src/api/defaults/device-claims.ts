/** Defaults of what asks for devices. @see kubernetes/kubernetes pkg/apis/resource/v1/defaults.go, zz_generated.defaults.go */
import type { DeviceSubRequest, DeviceToleration, ResourceClaim } from '../generated/resource-v1.ts';

type SentClaim = Partial<Pick<ResourceClaim, 'spec' | 'status'>>;

export function defaultResourceClaim({ spec, status }: SentClaim): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    if (exactly !== undefined) defaultRequest(exactly);
    for (const request of firstAvailable) defaultRequest(request);
  }
  for (const { tolerations } of status?.allocation?.devices?.results ?? []) defaultTolerations(tolerations);
}

export function defaultResourceClaimTemplate({ spec }: { spec?: SentClaim }): void {
  if (spec?.spec !== undefined) defaultResourceClaim({ spec: spec.spec });
}

function defaultRequest(request: Pick<DeviceSubRequest, 'allocationMode' | 'count' | 'tolerations'>): void {
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
  defaultTolerations(request.tolerations);
}

function defaultTolerations(tolerations: DeviceToleration[] = []): void {
  for (const toleration of tolerations) toleration.operator ||= 'Equal';
}
