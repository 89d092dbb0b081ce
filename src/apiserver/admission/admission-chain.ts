/** Everything that admission does, in its order. */
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Random } from '../../base/random.ts';
import type { CustomConversions } from '../custom/conversions.ts';
import type { RequestAuthorizer } from '../interfaces.ts';
import type { KindCatalog } from '../kinds.ts';
import type { AdmissionMetrics } from '../metrics/admission-metrics.ts';
import { newVersionConverter } from '../shaping.ts';
import type { WebhookCaller } from '../webhooks/webhook-caller.ts';
import type { AdmissionChain, AdmissionStep } from './admission.ts';
import { DEFAULT_MUTATING, DEFAULT_VALIDATING } from './default-steps.ts';
import { newMutatingPolicies } from './policies/mutating-policies.ts';
import { newParamAccess } from './policies/param-access.ts';
import { newPolicyStatus } from './policies/policy-status.ts';
import { newValidatingPolicies } from './policies/validating-policies.ts';
import { newAdmissionWebhooks } from './webhooks/admission-webhooks.ts';

export interface AdmissionOptions {
  clock: Clock;
  random: Random;
  log: Logger;
  authorizer: RequestAuthorizer;
  /** Mutating steps after the default ones. */
  extraAdmission: readonly AdmissionStep[];
  /** Validating steps after the default ones. */
  extraValidation: readonly AdmissionStep[];
}

interface AdmissionServices {
  kinds: KindCatalog;
  caller: WebhookCaller;
  conversions: CustomConversions;
  metrics: AdmissionMetrics;
}

export function newAdmissionChain(
  { authorizer, extraAdmission, extraValidation, clock, random, log }: AdmissionOptions,
  { kinds, caller, conversions, metrics }: AdmissionServices,
): AdmissionChain {
  const services = { kinds, authorizer };
  const convert = newVersionConverter(conversions);
  const calling = { clock, log, random: random.fork('webhooks'), caller, convert, metrics };
  return {
    webhooks: newAdmissionWebhooks({ ...services, ...calling }),
    mutating: [...DEFAULT_MUTATING, ...extraAdmission, newPolicyStatus(kinds), newMutatingPolicies(services)],
    validating: [
      ...DEFAULT_VALIDATING,
      ...extraValidation,
      newParamAccess(services),
      newValidatingPolicies(services, metrics),
    ],
  };
}
