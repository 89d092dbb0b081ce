/** Both sorts of webhooks as the admission chain knows them. */
import type { AdmissionRequest, AdmissionWebhooks, AskedAdmissionRequest } from '../admission.ts';
import type { WebhookServices } from './call-webhook.ts';
import { MutatingWebhooks } from './mutating-webhooks.ts';
import { ValidatingWebhooks } from './validating-webhooks.ts';

export function newAdmissionWebhooks(services: WebhookServices): AdmissionWebhooks {
  const mutating = new MutatingWebhooks(services);
  const validating = new ValidatingWebhooks(services);
  return {
    concern: (request, view) => mutating.concern(request, view) || validating.concern(request, view),
    async mutate(request, view, again) {
      if (isAsked(request)) await mutating.mutate(request, view, again);
    },
    async validate(request, view) {
      if (isAsked(request)) await validating.validate(request, view);
    },
  };
}

function isAsked(request: AdmissionRequest): request is AskedAdmissionRequest {
  return request.asked !== undefined;
}
