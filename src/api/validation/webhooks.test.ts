/** Webhook configurations are judged in upstream's words. */
import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../meta.ts';
import { validateCreate, validateUpdate } from './validate.ts';

const VALID = {
  name: 'a.example.com',
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  clientConfig: { url: 'https://example.com/path' },
  rules: [
    { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods', 'pods/status'] },
  ],
};

function problemsOf(...webhooks: Record<string, unknown>[]): string[] {
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'c' },
    webhooks,
  };
  return validateCreate(configuration as unknown as KubeObject).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

const withUrl = (url: string) => problemsOf({ ...VALID, clientConfig: { url } });
const withService = (service: object) => problemsOf({ ...VALID, clientConfig: { service } });
const withRule = (rule: object) => problemsOf({ ...VALID, rules: [{ ...VALID.rules[0], ...rule }] });

test('validateWebhooks takes a whole webhook', () => {
  deepEqual(problemsOf(VALID, { ...VALID, name: 'b.example.com', reinvocationPolicy: 'IfNeeded' }), []);
  deepEqual(problemsOf(), []);
});

test('validateWebhooks wants names of three segments, each once', () => {
  deepEqual(problemsOf({ ...VALID, name: '' }), ['webhooks[0].name: Required value']);
  deepEqual(problemsOf({ ...VALID, name: 'k8s.io' }), [
    'webhooks[0].name: Invalid value: "k8s.io": should be a domain with at least three segments separated by dots',
  ]);
  deepEqual(problemsOf(VALID, VALID), ['webhooks[1].name: Duplicate value: "a.example.com"']);
});

test('validateWebhooks judges words and numbers', () => {
  const { sideEffects: _, ...silent } = VALID;
  deepEqual(problemsOf(silent), [
    'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun',
  ]);
  deepEqual(
    problemsOf({
      ...VALID,
      sideEffects: 'Some',
      failurePolicy: 'Perhaps',
      matchPolicy: 'Near',
      reinvocationPolicy: 'Always',
      timeoutSeconds: 31,
    }),
    [
      'webhooks[0].failurePolicy: Unsupported value: "Perhaps": supported values: "Fail", "Ignore"',
      'webhooks[0].matchPolicy: Unsupported value: "Near": supported values: "Equivalent", "Exact"',
      'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
      'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
      'webhooks[0].reinvocationPolicy: Unsupported value: "Always": supported values: "IfNeeded", "Never"',
    ],
  );
});

test('validateWebhooks wants a review version that it speaks', () => {
  const at = 'webhooks[0].admissionReviewVersions';
  deepEqual(problemsOf({ ...VALID, admissionReviewVersions: [] }), [
    `${at}: Required value: must specify one of v1, v1beta1`,
  ]);
  deepEqual(problemsOf({ ...VALID, admissionReviewVersions: ['v2', 'v2'] }), [
    `${at}[1]: Invalid value: "v2": duplicate version`,
    `${at}: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1`,
  ]);
});

test('validateWebhooks wants one client: an https URL, or a Service', () => {
  const at = 'webhooks[0].clientConfig';
  const form = '; desired format: https://host[/path]';
  deepEqual(problemsOf({ ...VALID, clientConfig: {} }), [
    `${at}: Required value: exactly one of url or service is required`,
  ]);
  deepEqual(withUrl('http://u:p@/x?a=b#c'), [
    `${at}.url: Invalid value: "http": 'https' is the only allowed URL scheme${form}`,
    `${at}.url: Invalid value: "": host must be provided${form}`,
    `${at}.url: Invalid value: "u:p": user information is not permitted in the URL`,
    `${at}.url: Invalid value: "c": fragments are not permitted in the URL`,
    `${at}.url: Invalid value: "a=b": query parameters are not permitted in the URL`,
  ]);
  deepEqual(withService({ name: 's', namespace: 'n', port: 443, path: '/a/b/' }), []);
  deepEqual(withService({ name: '', namespace: '', port: 0, path: 'a//b' }), [
    `${at}.service.name: Required value: service name is required`,
    `${at}.service.namespace: Required value: service namespace is required`,
    `${at}.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive`,
    `${at}.service.path: Invalid value: "a//b": must start with a '/'`,
    `${at}.service.path: Invalid value: "a//b": segment[0] may not be empty`,
    `${at}.service.path: Invalid value: "a//b": segment[1] may not be empty`,
  ]);
});

test('validateWebhooks refuses rules that say a thing twice', () => {
  const at = 'webhooks[0].rules[0]';
  deepEqual(withRule({ operations: ['*', 'CREATE'], apiGroups: [] }), [
    `${at}.operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
    `${at}.apiGroups: Required value`,
  ]);
  deepEqual(withRule({ operations: ['PATCH'] }), [
    `${at}.operations[0]: Unsupported value: "PATCH": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"`,
  ]);
  deepEqual(withRule({ resources: ['pods/*', 'pods/status'] }), [
    `${at}.resources[1]: Invalid value: "pods/status": if 'pods/*' is present, must not specify pods/status`,
  ]);
  deepEqual(withRule({ resources: ['*', 'pods'] }), [
    `${at}.resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources without subresources`,
  ]);
});

test('validateWebhooks compiles match conditions', () => {
  const at = 'webhooks[0].matchConditions';
  const conditions = [
    { name: 'a', expression: 'object.metadata.name == "x"' },
    { name: 'a', expression: '1 +' },
  ];
  const problems = problemsOf({ ...VALID, matchConditions: conditions });
  deepEqual(problems[0], `${at}[1].name: Duplicate value: "a"`);
  deepEqual(problems[1]?.startsWith(`${at}[1].expression: Invalid value: "1 +": compilation failed: `), true);
  deepEqual(problemsOf({ ...VALID, matchConditions: [{ name: 'n', expression: '1' }] }), [
    `${at}[0].expression: Invalid value: "1": must evaluate to bool`,
  ]);
  const many = Array.from({ length: 65 }, (_, index) => ({ name: `n${index}`, expression: 'true' }));
  deepEqual(problemsOf({ ...VALID, matchConditions: many }), [
    `${at}: Too many: 65: must have at most 64 items`,
  ]);
});

const UPDATED = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' };

function problemsOfUpdate(now: Record<string, unknown>[], before: Record<string, unknown>[]): string[] {
  const configurationOf = (webhooks: Record<string, unknown>[]) =>
    ({ ...UPDATED, metadata: { name: 'c', resourceVersion: '1' }, webhooks }) as unknown as KubeObject;
  return validateUpdate(configurationOf(now), configurationOf(before)).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

test('validateWebhooksUpdate leaves what was stored under older rules, and asks no more of what comes beside it', () => {
  const values = { matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }] };
  const loose = { ...VALID, sideEffects: 'Some', admissionReviewVersions: ['v9'], objectSelector: values };
  deepEqual(problemsOfUpdate([loose, loose, { ...loose, sideEffects: 'Unknown' }], [loose, loose]), []);
  const at = 'webhooks[0]';
  deepEqual(
    problemsOfUpdate([loose], [VALID]).map((text) => text.slice(0, text.indexOf(':'))),
    [
      `${at}.sideEffects`,
      `${at}.objectSelector.matchExpressions[0].values[0]`,
      `${at}.admissionReviewVersions`,
    ],
  );
  deepEqual(problemsOfUpdate([{ ...loose, sideEffects: 'Odd' }], [loose]), [
    `${at}.sideEffects: Unsupported value: "Odd": supported values: "None", "NoneOnDryRun", "Some", "Unknown"`,
  ]);
});

test('validateWebhooksUpdate does not look at match conditions that are as they were', () => {
  const broken = { name: '-', expression: 'object.' };
  const stored = { ...VALID, matchConditions: [broken] };
  deepEqual(problemsOfUpdate([{ ...stored, timeoutSeconds: 5 }], [stored]), []);
  const more = {
    ...VALID,
    matchConditions: [
      { name: 'new', expression: '1' },
      { ...broken, name: 'a' },
    ],
  };
  deepEqual(problemsOfUpdate([more], [stored]), [
    'webhooks[0].matchConditions[0].expression: Invalid value: "1": must evaluate to bool',
  ]);
});
