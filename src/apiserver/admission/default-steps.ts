/** The steps of every API server, in order. */
import type { AdmissionStep } from './admission.ts';
import { defaultTolerationSeconds } from './default-tolerations.ts';
import { limitRangeDefaults, limitRangeLimits } from './limits/limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { podSecurity } from './pod-security/pod-security.ts';
import { priority } from './priority.ts';
import { serviceAccount } from './service-account.ts';

export const DEFAULT_MUTATING: readonly AdmissionStep[] = [
  namespaceLifecycle,
  limitRangeDefaults,
  serviceAccount,
  defaultTolerationSeconds,
  priority,
];

export const DEFAULT_VALIDATING: readonly AdmissionStep[] = [limitRangeLimits, podSecurity];
