/**
 * Validating webhooks: all that match are asked at once, and of those who refuse the first by name decides.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/webhook/validating/dispatcher.go
 */
import { VALIDATING_WEBHOOK_CONFIGURATIONS } from '../../../api/resources.ts';
import type { AdmissionRequest, AdmissionView, AskedAdmissionRequest } from '../admission.ts';
import { matchesSelectors } from '../match-resources.ts';
import { callWebhook, toSubject, type WebhookServices } from './call-webhook.ts';
import { failOpen } from './fail-open.ts';
import { type ConcernedWebhook, WebhookCatalog } from './webhook-catalog.ts';
import { FailedWebhookError } from './webhook-errors.ts';

export class ValidatingWebhooks {
  readonly #services: WebhookServices;
  readonly #catalog: WebhookCatalog;

  constructor(services: WebhookServices) {
    this.#services = services;
    this.#catalog = new WebhookCatalog(services, VALIDATING_WEBHOOK_CONFIGURATIONS);
  }

  concern(request: AdmissionRequest, view: AdmissionView): boolean {
    return this.#catalog.concerned(request, view).length > 0;
  }

  /** @throws StatusError when one denies the request, or fails and must not */
  async validate(request: AskedAdmissionRequest, view: AdmissionView): Promise<void> {
    const matching = this.#catalog
      .concerned(request, view)
      .filter(({ webhook }) => matchesSelectors(webhook.source, request, view));
    const verdicts = await Promise.allSettled(
      matching.map((concerned, index) => this.#ask(concerned, index, { request, view })),
    );
    for (const verdict of verdicts) if (verdict.status === 'rejected') throw verdict.reason;
  }

  async #ask(
    concerned: ConcernedWebhook,
    index: number,
    { request, view }: { request: AskedAdmissionRequest; view: AdmissionView },
  ): Promise<void> {
    const subject = await toSubject(this.#services.convert, request, concerned.row);
    if (!this.#catalog.matchesConditions(concerned, subject, view)) return;
    await callWebhook(this.#services, concerned, subject, false).catch((error: unknown) => {
      if (!(error instanceof FailedWebhookError)) throw error;
      const { source } = concerned.webhook;
      const where = `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`;
      failOpen(this.#services, { error, source, where, type: 'validating' }, request);
    });
  }
}
