/**
 * Mutating webhooks, one after the other: each sees what those before it have made of the object.
 *
 *     round 0: all that match ─► something changed? ─► the steps before them, again ─► round 1: those that ask for it
 *
 * One that asks for it (`reinvocationPolicy: IfNeeded`) is called again when the object has been changed since it saw it; one
 * that round 0 has not called is not called in round 1.
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go, reinvocationcontext.go
 */
import { equalJson } from '../../../api/json.ts';
import { MUTATING_WEBHOOK_CONFIGURATIONS } from '../../../api/resources.ts';
import { copyJson } from '../../api-object.ts';
import type { AdmissionRequest, AdmissionView, AskedAdmissionRequest } from '../admission.ts';
import { matchesSelectors } from '../match-resources.ts';
import { applyWebhookPatch, shownObject } from './apply-webhook-patch.ts';
import { callWebhook, toSubject, type WebhookServices } from './call-webhook.ts';
import { failOpen } from './fail-open.ts';
import { type ConcernedWebhook, WebhookCatalog } from './webhook-catalog.ts';
import { FailedWebhookError } from './webhook-errors.ts';

export class MutatingWebhooks {
  readonly #services: WebhookServices;
  readonly #catalog: WebhookCatalog;

  constructor(services: WebhookServices) {
    this.#services = services;
    this.#catalog = new WebhookCatalog(services, MUTATING_WEBHOOK_CONFIGURATIONS);
  }

  concern(request: AdmissionRequest, view: AdmissionView): boolean {
    return this.#catalog.concerned(request, view).length > 0;
  }

  /** @throws StatusError when one denies the request, or fails and must not */
  async mutate(request: AskedAdmissionRequest, view: AdmissionView, again: () => void): Promise<void> {
    const rounds = new Rounds(this.#services, this.#catalog, request);
    await rounds.run(0, view);
    if (!rounds.hasChanged) return;
    const before = copyJson(request.object);
    again();
    if (!equalJson(before, request.object)) rounds.callAgain();
    await rounds.run(1, view);
  }
}

class Rounds {
  readonly #services: WebhookServices;
  readonly #catalog: WebhookCatalog;
  readonly #request: AskedAdmissionRequest;
  /** Called already, and willing to be called again. */
  #willing = new Set<string>();
  readonly #again = new Set<string>();
  hasChanged = false;

  constructor(services: WebhookServices, catalog: WebhookCatalog, request: AskedAdmissionRequest) {
    this.#services = services;
    this.#catalog = catalog;
    this.#request = request;
  }

  /** The object is another one than those called so far have seen. */
  callAgain(): void {
    for (const key of this.#willing) this.#again.add(key);
    this.#willing = new Set();
  }

  async run(round: number, view: AdmissionView): Promise<void> {
    for (const [index, concerned] of this.#catalog.concerned(this.#request, view).entries()) {
      const { key, source } = concerned.webhook;
      if (round > 0 && !this.#again.has(key)) continue;
      if (!matchesSelectors(source, this.#request, view)) continue;
      const changed = await this.#call(concerned, view).catch((error: unknown) => {
        if (!(error instanceof FailedWebhookError)) throw error;
        const where = `failed-open.mutation.webhook.admission.k8s.io/round_${round}_index_${index}`;
        failOpen(this.#services, { error, source, where, type: 'admit' }, this.#request);
        return false;
      });
      if (changed === undefined) continue;
      if (changed) {
        this.hasChanged = true;
        this.callAgain();
      }
      if (source.reinvocationPolicy === 'IfNeeded') this.#willing.add(key);
    }
  }

  /** Whether it has changed the object; `undefined` when it is not about it. */
  async #call(concerned: ConcernedWebhook, view: AdmissionView): Promise<boolean | undefined> {
    const { convert } = this.#services;
    const subject = await toSubject(convert, this.#request, concerned.row, shownObject(this.#request));
    if (!this.#catalog.matchesConditions(concerned, subject, view)) return undefined;
    const answer = await callWebhook(this.#services, concerned, subject, true);
    return applyWebhookPatch(concerned.webhook.source.name, subject, answer, convert);
  }
}
