/** What the failure of a webhook means: by its `failurePolicy` a refusal, or a note that it was not heard. */
import type { AskedAdmissionRequest } from '../admission.ts';
import { newTimeout, type WebhookServices } from './call-webhook.ts';
import type { WebhookSource } from './webhook-catalog.ts';
import { type FailedWebhookError, newInternalError } from './webhook-errors.ts';

/** @throws StatusError InternalError unless the policy is to ignore it; Timeout when the request has no time left */
export function failOpen(
  { clock, log }: Pick<WebhookServices, 'clock' | 'log'>,
  { error, source, where }: { error: FailedWebhookError; source: WebhookSource; where: string },
  { notes, asked }: AskedAdmissionRequest,
): void {
  if (source.failurePolicy !== 'Ignore') throw newInternalError(error.message);
  log.warn('a webhook failed and is ignored', { webhook: source.name, error });
  notes.auditAnnotations.set(where, source.name);
  if (clock.monotonicMs() >= asked.deadlineMs) throw newTimeout();
}
