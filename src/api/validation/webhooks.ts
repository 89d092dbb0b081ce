/** Rules of webhook configurations. @see kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go */

import { CompileBudget } from '../cel/compile-budget.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../generated/admissionregistration-v1.ts';
import { compileMatchConditions } from '../policies/compile-policy.ts';
import {
  duplicate,
  errorsOfEach,
  type FieldError,
  invalid,
  notSupported,
  required,
  untilMany,
} from './field-error.ts';
import { matchConditionErrors } from './match-conditions.ts';
import { dns1035LabelProblem, dns1123SubdomainProblem } from './names.ts';
import { validateLabelSelector } from './object-meta.ts';
import { validateRuleWithOperations } from './rule-with-operations.ts';
import { webhookClientErrors } from './webhook-client.ts';

const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const TIMEOUT_SECONDS = { min: 1, max: 30 };
const NAME_SEGMENTS_MIN = 3;

type Webhook = ValidatingWebhook | MutatingWebhook;

export function validateWebhooks({
  webhooks = [],
}: MutatingWebhookConfiguration | ValidatingWebhookConfiguration): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const budget = new CompileBudget();
  for (const [index, webhook] of untilMany(errors, webhooks.entries())) {
    const at = `webhooks[${index}]`;
    errors.push(...webhookErrors(webhook, at, budget));
    errors.push(
      ...reviewVersionErrors(webhook.admissionReviewVersions ?? [], `${at}.admissionReviewVersions`),
    );
    if (webhook.name && names.has(webhook.name)) errors.push(duplicate(`${at}.name`, webhook.name));
    names.add(webhook.name);
  }
  return errors;
}

function webhookErrors(webhook: Webhook, at: string, budget: CompileBudget): FieldError[] {
  const { rules = [], namespaceSelector, objectSelector, clientConfig, matchConditions = [] } = webhook;
  const compiled = compileMatchConditions(matchConditions, `${at}.matchConditions`, budget);
  return [
    ...nameErrors(webhook.name, `${at}.name`),
    ...errorsOfEach(rules, (rule, index) => validateRuleWithOperations(rule, `${at}.rules[${index}]`)),
    ...choiceErrors(webhook, at),
    ...validateLabelSelector(namespaceSelector, `${at}.namespaceSelector`),
    ...validateLabelSelector(objectSelector, `${at}.objectSelector`),
    ...webhookClientErrors(clientConfig, `${at}.clientConfig`),
    ...matchConditionErrors(matchConditions, `${at}.matchConditions`),
    ...compiled.problems.map(({ field, expression, problem }) => invalid(field, expression, problem)),
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
function choiceErrors(webhook: Webhook, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const choices: readonly (readonly [string, string | undefined, readonly string[]])[] = [
    ['failurePolicy', webhook.failurePolicy, ['Fail', 'Ignore']],
    ['matchPolicy', webhook.matchPolicy, ['Equivalent', 'Exact']],
    ['sideEffects', webhook.sideEffects, SIDE_EFFECTS],
    [
      'reinvocationPolicy',
      'reinvocationPolicy' in webhook ? webhook.reinvocationPolicy : undefined,
      ['IfNeeded', 'Never'],
    ],
  ];
  if (!webhook.sideEffects) {
    errors.push(required(`${at}.sideEffects`, `must specify one of ${SIDE_EFFECTS.join(', ')}`));
  }
  for (const [field, value, allowed] of choices) {
    if (value && !allowed.includes(value)) errors.push(notSupported(`${at}.${field}`, value, allowed));
  }
  const { timeoutSeconds } = webhook;
  const { min, max } = TIMEOUT_SECONDS;
  if (timeoutSeconds !== undefined && (timeoutSeconds < min || timeoutSeconds > max)) {
    const why = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalid(`${at}.timeoutSeconds`, timeoutSeconds, why));
  }
  return errors;
}

function reviewVersionErrors(versions: readonly string[], at: string): FieldError[] {
  const known = REVIEW_VERSIONS.join(', ');
  if (versions.length === 0) return [required(at, `must specify one of ${known}`)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, version] of untilMany(errors, versions.entries())) {
    const problem = seen.has(version) ? 'duplicate version' : dns1035LabelProblem(version);
    seen.add(version);
    if (problem !== undefined) errors.push(invalid(`${at}[${index}]`, version, problem));
  }
  if (!versions.some((version) => REVIEW_VERSIONS.includes(version))) {
    errors.push(invalid(at, versions, `must include at least one of ${known}`));
  }
  return errors;
}
