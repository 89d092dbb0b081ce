/** The steps of every API server, in order. */
import type { AdmissionStep } from './admission.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultTolerationSeconds } from './default-tolerations.ts';
import { deviceAdminAccess } from './device-admin-access.ts';
import { limitRangeDefaults, limitRangeLimits } from './limits/limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { podSecurity } from './pod-security/pod-security.ts';
import { priority, singleDefaultPriority } from './priority.ts';
import { runtimeClassDefaults, runtimeClassOverhead } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { persistentVolumeClaimResize } from './storage/claim-resize.ts';
import { defaultStorageClass } from './storage/default-class.ts';
import { storageObjectInUseProtection } from './storage/in-use-protection.ts';

export const DEFAULT_MUTATING: readonly AdmissionStep[] = [
  namespaceLifecycle,
  limitRangeDefaults,
  serviceAccount,
  priority,
  defaultTolerationSeconds,
  defaultStorageClass,
  storageObjectInUseProtection,
  runtimeClassDefaults,
  defaultIngressClass,
];

export const DEFAULT_VALIDATING: readonly AdmissionStep[] = [
  limitRangeLimits,
  podSecurity,
  singleDefaultPriority,
  persistentVolumeClaimResize,
  runtimeClassOverhead,
  deviceAdminAccess,
];
