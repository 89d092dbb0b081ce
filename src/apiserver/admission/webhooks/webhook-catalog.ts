/**
 * The webhooks of the cluster, as the store holds their configurations now, and which of them a request is for.
 *
 *     rules (remembered by resource and operation) ─► selectors ─► the version it wants ─► match conditions ─► called
 *
 * @see k8s.io/apiserver/pkg/admission/plugin/webhook/generic/webhook.go ShouldCallHook
 */
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../api/generated/admissionregistration-v1.ts';
import { type CompiledPolicy, compileMatchConditions } from '../../../api/policies/compile-policy.ts';
import type { ResourceRow } from '../../../api/resources.ts';
import { newForbidden } from '../../errors.ts';
import type { AdmissionRequest, AdmissionView } from '../admission.ts';
import { isExempt, ResourceMatcher, type RuleSubject } from '../match-resources.ts';
import { newPolicyInput } from '../policies/policy-input.ts';
import { Evaluation, type PolicyServices } from '../policies/policy-run.ts';
import type { ReviewSubject } from './admission-review.ts';

export type WebhookSource = ValidatingWebhook & Partial<Pick<MutatingWebhook, 'reinvocationPolicy'>>;

export class WebhookCatalog {
  readonly #services: PolicyServices;
  readonly #row: ResourceRow;
  readonly #matcher: ResourceMatcher;
  /** By configuration, as long as the store holds it. */
  readonly #known = new WeakMap<object, readonly RememberingWebhook[]>();

  /** @param row  of the configurations: mutating or validating */
  constructor(services: PolicyServices, row: ResourceRow) {
    this.#services = services;
    this.#row = row;
    this.#matcher = new ResourceMatcher(services.kinds);
  }

  /** Those whose rules name the resource and operation of `request`, in the order of their configurations' names. */
  concerned(request: AdmissionRequest, view: AdmissionView): readonly ConcernedWebhook[] {
    const configurations = view.list(this.#row, '');
    const { asked } = request;
    if (configurations.length === 0 || asked === undefined || isExempt(request)) return [];
    const subject = { ...request, row: asked.row };
    const concerned: ConcernedWebhook[] = [];
    for (const configuration of configurations) {
      for (const webhook of this.#webhooksOf(configuration)) {
        const row = webhook.rowFor(subject, this.#matcher, this.#services.kinds.rows);
        if (row !== undefined) concerned.push({ webhook, row });
      }
    }
    return concerned;
  }

  /**
   * Whether the match conditions hold for `subject`.
   * @throws StatusError Forbidden when one fails and nothing may be written then
   */
  matchesConditions(
    { webhook, row }: ConcernedWebhook,
    { request, asked, object, old }: ReviewSubject,
    view: AdmissionView,
  ): boolean {
    const { matchConditions = [], failurePolicy } = webhook.source;
    if (matchConditions.length === 0) return true;
    const { object: _, old: __, ...about } = request;
    const seen: AdmissionRequest = { ...about, row: asked.row };
    if (object !== undefined) seen.object = object;
    if (old !== undefined) seen.old = old;
    const input = newPolicyInput(seen, row, { view, authorizer: this.#services.authorizer });
    const matches = new Evaluation(webhook.conditions, input).matches(matchConditions);
    if (typeof matches === 'boolean') return matches;
    if (failurePolicy === 'Ignore') return false;
    throw newForbidden(request.row, request.name, matches.problem);
  }

  #webhooksOf(configuration: object): readonly RememberingWebhook[] {
    let known = this.#known.get(configuration);
    if (known === undefined) {
      const { metadata, webhooks = [] } = configuration as
        | MutatingWebhookConfiguration
        | ValidatingWebhookConfiguration;
      known = webhooks.map((source, index) => new RememberingWebhook(metadata.name, source, index));
      this.#known.set(configuration, known);
    }
    return known;
  }
}

/** A webhook whose rules name a request. */
export interface ConcernedWebhook {
  readonly webhook: RememberingWebhook;
  /** As which it wants to see the resource. */
  readonly row: ResourceRow;
}

type Remembered = Map<string, ResourceRow | undefined>;

/** Remembers what its rules say: they are asked for every write. */
class RememberingWebhook {
  /** Unique among all: configuration, name and place. */
  readonly key: string;
  readonly configuration: string;
  readonly source: WebhookSource;
  /** Of this table of kinds. */
  #kinds: readonly ResourceRow[] | undefined;
  #rows = new Map<ResourceRow, Remembered>();
  #conditions: Pick<CompiledPolicy, 'environment' | 'matchConditions'> | undefined;

  constructor(configuration: string, source: WebhookSource, index: number) {
    this.key = `${configuration}/${source.name}/${index}`;
    this.configuration = configuration;
    this.source = source;
  }

  get conditions(): Pick<CompiledPolicy, 'environment' | 'matchConditions'> {
    this.#conditions ??= compileMatchConditions(this.source.matchConditions ?? [], 'matchConditions');
    return this.#conditions;
  }

  rowFor(
    subject: RuleSubject,
    matcher: ResourceMatcher,
    kinds: readonly ResourceRow[],
  ): ResourceRow | undefined {
    if (this.#kinds !== kinds) {
      this.#kinds = kinds;
      this.#rows = new Map();
    }
    let remembered = this.#rows.get(subject.row);
    if (remembered === undefined) {
      remembered = new Map();
      this.#rows.set(subject.row, remembered);
    }
    const what = `${subject.operation}/${subject.subresource}`;
    if (!remembered.has(what)) {
      const { rules = [], matchPolicy } = this.source;
      remembered.set(what, matcher.rowByRules(rules, subject, matchPolicy === 'Exact'));
    }
    return remembered.get(what);
  }
}
