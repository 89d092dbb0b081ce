/** Rules of webhook configurations. @see kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go */

import { CompileBudget } from '../cel/compile-budget.ts';
import type {
  MatchCondition,
  MutatingWebhook,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../generated/admissionregistration-v1.ts';
import { equalJson } from '../json.ts';
import { compileMatchConditions, type ExpressionProblem } from '../policies/compile-policy.ts';
import { oneOf } from './field-checks.ts';
import { duplicate, errorsOfEach, type FieldError, invalid, required, untilMany } from './field-error.ts';
import { matchConditionErrors } from './match-conditions.ts';
import { dns1035LabelProblem, dns1123SubdomainProblem } from './names.ts';
import { validateLabelSelector } from './object-meta.ts';
import { validateRuleWithOperations } from './rule-with-operations.ts';
import { unstoredProblems } from './stored-expressions.ts';
import { webhookClientErrors } from './webhook-client.ts';

const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const ALL_SIDE_EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const TIMEOUT_SECONDS = { min: 1, max: 30 };
const NAME_SEGMENTS_MIN = 3;

type Webhook = ValidatingWebhook | MutatingWebhook;
type WebhookConfiguration = Pick<ValidatingWebhookConfiguration, 'metadata'> & { webhooks?: Webhook[] };

/** What an update may leave as it was stored under older rules. */
interface Tolerance {
  /** Match conditions are those that are stored: they are not looked at. */
  sameConditions?: boolean;
  sideEffects?: boolean;
  unknownReviewVersions?: boolean;
  repeatedNames?: boolean;
  labelValues?: boolean;
  /** Of problems of expressions those that are new. */
  unstored?: (problems: readonly ExpressionProblem[]) => readonly ExpressionProblem[];
}

export function validateWebhooks(
  { webhooks = [] }: WebhookConfiguration,
  tolerance: Tolerance = {},
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const budget = new CompileBudget();
  for (const [index, webhook] of untilMany(errors, webhooks.entries())) {
    const at = `webhooks[${index}]`;
    errors.push(...webhookErrors(webhook, at, tolerance));
    if (tolerance.sameConditions !== true)
      errors.push(...conditionErrors(webhook, at, { budget, tolerance }));
    errors.push(...reviewVersionErrors(webhook, `${at}.admissionReviewVersions`, tolerance));
    if (tolerance.repeatedNames !== true && webhook.name && names.has(webhook.name))
      errors.push(duplicate(`${at}.name`, webhook.name));
    names.add(webhook.name);
  }
  return errors;
}

/** @see validateWebhooks; what is stored decides how strict they are */
export function validateWebhooksUpdate(
  now: WebhookConfiguration,
  before: WebhookConfiguration,
): FieldError[] {
  const [webhooks, old] = [now.webhooks ?? [], before.webhooks ?? []];
  return validateWebhooks(now, {
    sameConditions: equalJson(webhooks.map(conditionsOf), old.map(conditionsOf)),
    sideEffects: !old.every(({ sideEffects }) => SIDE_EFFECTS.includes(sideEffects)),
    unknownReviewVersions: old.some(hasNoKnownVersion),
    repeatedNames: new Set(old.map(({ name }) => name)).size < old.length,
    labelValues: old.some(hasInvalidSelector),
    unstored: (problems) => unstoredProblems(problems, () => old.flatMap(conditionProblems)),
  });
}

function conditionsOf({ matchConditions = [] }: Webhook): readonly MatchCondition[] {
  return matchConditions;
}

function conditionProblems(webhook: Webhook): readonly ExpressionProblem[] {
  return compileMatchConditions(conditionsOf(webhook), 'webhooks.matchConditions').problems;
}

function hasNoKnownVersion({ admissionReviewVersions: versions }: Webhook): boolean {
  return versions.length > 0 && !versions.some((version) => REVIEW_VERSIONS.includes(version));
}

function hasInvalidSelector({ namespaceSelector, objectSelector }: Webhook): boolean {
  return [namespaceSelector, objectSelector].some(
    (selector) => validateLabelSelector(selector, '').length > 0,
  );
}

function webhookErrors(webhook: Webhook, at: string, tolerance: Tolerance): FieldError[] {
  const { rules = [], namespaceSelector, objectSelector, clientConfig } = webhook;
  const { labelValues: invalidValues = false } = tolerance;
  return [
    ...nameErrors(webhook.name, `${at}.name`),
    ...errorsOfEach(rules, (rule, index) => validateRuleWithOperations(rule, `${at}.rules[${index}]`)),
    ...choiceErrors(webhook, at, tolerance),
    ...validateLabelSelector(namespaceSelector, `${at}.namespaceSelector`, { invalidValues }),
    ...validateLabelSelector(objectSelector, `${at}.objectSelector`, { invalidValues }),
    ...('reinvocationPolicy' in webhook
      ? choiceError(`${at}.reinvocationPolicy`, webhook.reinvocationPolicy, ['IfNeeded', 'Never'])
      : []),
    ...webhookClientErrors(clientConfig, `${at}.clientConfig`),
  ];
}

function conditionErrors(
  webhook: Webhook,
  at: string,
  { budget, tolerance }: { budget: CompileBudget; tolerance: Tolerance },
): FieldError[] {
  const field = `${at}.matchConditions`;
  const conditions = conditionsOf(webhook);
  const { problems } = compileMatchConditions(conditions, field, budget);
  const unstored = tolerance.unstored?.(problems) ?? problems;
  return [
    ...matchConditionErrors(conditions, field),
    ...unstored.map(({ field: place, expression, problem }) => invalid(place, expression, problem)),
  ];
}

function nameErrors(name: string, at: string): FieldError[] {
  if (!name) return [required(at)];
  const problem = dns1123SubdomainProblem(name);
  if (problem !== undefined) return [invalid(at, name, problem)];
  if (name.split('.').length >= NAME_SEGMENTS_MIN) return [];
  return [invalid(at, name, 'should be a domain with at least three segments separated by dots')];
}

/** What is one of a few words, and the timeout. */
function choiceErrors(webhook: Webhook, at: string, tolerance: Tolerance): FieldError[] {
  const allowed = tolerance.sideEffects === true ? ALL_SIDE_EFFECTS : SIDE_EFFECTS;
  const errors = [
    ...choiceError(`${at}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore']),
    ...choiceError(`${at}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact']),
    ...choiceError(`${at}.sideEffects`, webhook.sideEffects, allowed),
  ];
  if (!webhook.sideEffects)
    errors.push(required(`${at}.sideEffects`, `must specify one of ${allowed.join(', ')}`));
  const { timeoutSeconds } = webhook;
  const { min, max } = TIMEOUT_SECONDS;
  if (timeoutSeconds !== undefined && (timeoutSeconds < min || timeoutSeconds > max)) {
    const why = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalid(`${at}.timeoutSeconds`, timeoutSeconds, why));
  }
  return errors;
}

function choiceError(field: string, value: string | undefined, allowed: readonly string[]): FieldError[] {
  return value ? oneOf(field, value, allowed) : [];
}

function reviewVersionErrors(
  { admissionReviewVersions: versions = [] }: Partial<Webhook>,
  at: string,
  { unknownReviewVersions = false }: Tolerance,
): FieldError[] {
  const known = REVIEW_VERSIONS.join(', ');
  if (versions.length === 0) return [required(at, `must specify one of ${known}`)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, version] of untilMany(errors, versions.entries())) {
    const problem = seen.has(version) ? 'duplicate version' : dns1035LabelProblem(version);
    seen.add(version);
    if (problem !== undefined) errors.push(invalid(`${at}[${index}]`, version, problem));
  }
  if (!unknownReviewVersions && !versions.some((version) => REVIEW_VERSIONS.includes(version))) {
    errors.push(invalid(at, versions, `must include at least one of ${known}`));
  }
  return errors;
}
