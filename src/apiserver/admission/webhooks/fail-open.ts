/** What the failure of a webhook means: by its `failurePolicy` a refusal, or a note that it was not heard. */

import type { WebhookCall } from '../../metrics/admission-metrics.ts';
import type { AskedAdmissionRequest } from '../admission.ts';
import { newTimeout, type WebhookServices } from './call-webhook.ts';
import type { WebhookSource } from './webhook-catalog.ts';
import { type FailedWebhookError, newInternalError } from './webhook-errors.ts';

interface FailedCall extends Pick<WebhookCall, 'type'> {
  error: FailedWebhookError;
  source: WebhookSource;
  /** The audit annotation that tells of it. */
  where: string;
}

/** @throws StatusError InternalError unless the policy is to ignore it; Timeout when the request has no time left */
export function failOpen(
  { clock, log, metrics }: Pick<WebhookServices, 'clock' | 'log' | 'metrics'>,
  { error, source, where, type }: FailedCall,
  { notes, asked }: AskedAdmissionRequest,
): void {
  if (source.failurePolicy !== 'Ignore') throw newInternalError(error.message);
  metrics.failedOpen({ name: source.name, type });
  log.warn('a webhook failed and is ignored', { webhook: source.name, error });
  notes.auditAnnotations.set(where, source.name);
  if (clock.monotonicMs() >= asked.deadlineMs) throw newTimeout();
}
