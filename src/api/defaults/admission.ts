/** Defaults of admission policies, their bindings, and webhooks. @see kubernetes/kubernetes pkg/apis/admissionregistration/v1/defaults.go */
import type {
  MatchResources,
  MutatingWebhook,
  NamedRuleWithOperations,
  ParamRef,
  ValidatingWebhook,
} from '../generated/admissionregistration-v1.ts';

export function defaultPolicy({
  spec,
}: {
  spec: { failurePolicy?: string; matchConstraints?: MatchResources };
}): void {
  spec.failurePolicy ??= 'Fail';
  defaultMatch(spec.matchConstraints);
}

export function defaultPolicyBinding({
  spec,
}: {
  spec: { paramRef?: ParamRef; matchResources?: MatchResources };
}): void {
  if (spec.paramRef !== undefined) spec.paramRef.parameterNotFoundAction ??= 'Deny';
  defaultMatch(spec.matchResources);
}

function defaultMatch(match: MatchResources | undefined): void {
  if (match === undefined) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  const rules: NamedRuleWithOperations[] = [
    ...(match.resourceRules ?? []),
    ...(match.excludeResourceRules ?? []),
  ];
  for (const rule of rules) rule.scope ??= '*';
}

export function defaultMutatingWebhooks({ webhooks }: { webhooks?: MutatingWebhook[] }): void {
  for (const webhook of webhooks ?? []) {
    defaultWebhook(webhook);
    webhook.reinvocationPolicy ??= 'Never';
  }
}

export function defaultValidatingWebhooks({ webhooks }: { webhooks?: ValidatingWebhook[] }): void {
  for (const webhook of webhooks ?? []) defaultWebhook(webhook);
}

const HTTPS_PORT = 443;
const TIMEOUT_SECONDS = 10;

function defaultWebhook(webhook: ValidatingWebhook | MutatingWebhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= TIMEOUT_SECONDS;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  const service = webhook.clientConfig?.service;
  if (service !== undefined) service.port ??= HTTPS_PORT;
}
