/** The steps of every API server, in order: those that change an object before those that only look at it. */
import type { AdmissionStep } from './admission.ts';
import { defaultTolerationSeconds } from './default-tolerations.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { priority } from './priority.ts';
import { serviceAccount } from './service-account.ts';

export const DEFAULT_ADMISSION: readonly AdmissionStep[] = [
  namespaceLifecycle,
  serviceAccount,
  defaultTolerationSeconds,
  priority,
];
