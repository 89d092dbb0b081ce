import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AuditedAttributes, auditRuleFor } from './audit-policy.ts';
import { parseAuditPolicy } from './parse-audit-policy.ts';

const HEADER = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';

function policy(rules: string, extra = '') {
  return parseAuditPolicy(`${HEADER}${extra}rules:\n${rules}`);
}

const attributes: AuditedAttributes = {
  user: { username: 'jane', groups: ['dev', 'system:authenticated'] },
  isResourceRequest: true,
  verb: 'get',
  path: '/api/v1/namespaces/default/pods/web',
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: 'default',
  name: 'web',
};
const logs: AuditedAttributes = { ...attributes, subresource: 'log' };
const health: AuditedAttributes = {
  ...attributes,
  isResourceRequest: false,
  path: '/healthz/ping',
  resource: '',
  namespace: '',
  name: '',
};

/** The level that one rule with `conditions` gives, or none. */
function levelBy(conditions: string, asked: AuditedAttributes): string {
  return auditRuleFor(policy(`- {level: Metadata, ${conditions}}\n`), asked)?.level ?? 'None';
}

test('auditRuleFor matches users, groups, verbs and namespaces, where a rule names any', () => {
  const matching = [
    'users: [jane]',
    'userGroups: [ops, dev]',
    'verbs: [list, get]',
    'namespaces: [default]',
    'users: [jane], userGroups: [dev], verbs: [get], namespaces: [default]',
  ];
  for (const conditions of matching) assert.equal(levelBy(conditions, attributes), 'Metadata', conditions);
  const others = [
    'users: [john]',
    'userGroups: [ops]',
    'verbs: [list]',
    'namespaces: [""]',
    'users: [jane], verbs: [list]',
  ];
  for (const conditions of others) assert.equal(levelBy(conditions, attributes), 'None', conditions);
  const { user: _, ...nobodys } = attributes;
  assert.equal(levelBy('users: [jane]', nobodys), 'None');
  assert.equal(levelBy('userGroups: [dev]', nobodys), 'None');
  assert.equal(levelBy('verbs: [get]', nobodys), 'Metadata');
});

test('auditRuleFor matches resources by group, subresource, wildcard and name', () => {
  const cases: [string, AuditedAttributes, boolean][] = [
    ['{group: ""}', attributes, true],
    ['{group: ""}', logs, true],
    ['{group: apps}', attributes, false],
    ['{group: "", resources: [pods]}', attributes, true],
    ['{group: "", resources: [pods]}', logs, false],
    ['{group: "", resources: [pods/log]}', logs, true],
    ['{group: "", resources: ["pods/*"]}', logs, true],
    ['{group: "", resources: ["pods/*"]}', attributes, true],
    ['{group: "", resources: ["*/log"]}', logs, true],
    ['{group: "", resources: ["*/log"]}', attributes, false],
    ['{group: "", resources: ["*"]}', logs, true],
    ['{group: "", resources: [pods], resourceNames: [web]}', attributes, true],
    ['{group: "", resources: [pods], resourceNames: [db]}', attributes, false],
    ['{group: ""}', health, false],
  ];
  for (const [resources, asked, isMatch] of cases)
    assert.equal(levelBy(`resources: [${resources}]`, asked), isMatch ? 'Metadata' : 'None', resources);
});

test('auditRuleFor matches paths, to their end or by a wildcard', () => {
  for (const url of ['*', '/healthz/ping', '/healthz*', '/healthz/*'])
    assert.equal(levelBy(`nonResourceURLs: ["${url}"]`, health), 'Metadata', url);
  for (const url of ['/healthz', '/livez*'])
    assert.equal(levelBy(`nonResourceURLs: ["${url}"]`, health), 'None');
  assert.equal(levelBy('nonResourceURLs: ["*"]', attributes), 'None');
  assert.equal(levelBy('namespaces: [default]', health), 'None');
});

test('auditRuleFor lets the first rule decide, also when it says None', () => {
  const rules = '- {level: None, users: [jane]}\n- {level: Request, verbs: [get]}\n- {level: Metadata}\n';
  const levelOf = (asked: AuditedAttributes) => auditRuleFor(policy(rules), asked)?.level;
  assert.equal(levelOf(attributes), undefined);
  const john = { username: 'john', groups: [] };
  assert.equal(levelOf({ ...attributes, user: john }), 'Request');
  assert.equal(levelOf({ ...attributes, user: john, verb: 'list' }), 'Metadata');
});

test('parseAuditPolicy adds what holds for the whole policy to each rule', () => {
  const { rules } = policy(
    '- {level: Metadata, omitStages: [Panic]}\n- {level: Request, omitManagedFields: false}\n',
    'omitStages: [RequestReceived]\nomitManagedFields: true\n',
  );
  assert.deepEqual(
    rules.map(({ omitStages, omitManagedFields }) => [[...omitStages], omitManagedFields]),
    [
      [['RequestReceived', 'Panic'], true],
      [['RequestReceived'], false],
    ],
  );
});

test('parseAuditPolicy names every field that is wrong', () => {
  const wrong: [string, RegExp][] = [
    ['[]', /is not an object/],
    ['{', /./],
    ['kind: Policy\nrules: [{level: None}]', /^apiVersion: Required value: must be audit\.k8s\.io\/v1$/],
    [
      'apiVersion: audit.k8s.io/v1beta1\nkind: Policy',
      /^apiVersion: Invalid value: "audit.k8s.io\/v1beta1": must be/,
    ],
    [`${HEADER}rules: []`, /^rules: Required value: loaded illegal policy with 0 rules$/],
    [`${HEADER}rules: [{}]`, /^rules\[0\]\.level: Required value$/],
    [
      `${HEADER}rules: [{level: metadata}]`,
      /^rules\[0\]\.level: Unsupported value: "metadata": supported values: "Metadata", "None", "Request", "RequestResponse"$/,
    ],
    [`${HEADER}rules: [{level: None, user: [a]}]`, /^rules\[0\]\.user: Unknown field/],
    [
      `${HEADER}rules: [{level: None, users: jane}]`,
      /^rules\[0\]\.users: Invalid value: "jane": must be a list of strings$/,
    ],
    [
      `${HEADER}rules: [{level: None, omitStages: [Started]}]`,
      /^rules\[0\]\.omitStages\[0\]: Invalid value: "Started": allowed stages are RequestReceived,ResponseStarted,ResponseComplete,Panic$/,
    ],
    [
      `${HEADER}rules: [{level: None, nonResourceURLs: [a, "/*/b"], namespaces: [x]}]`,
      /^rules\[0\]\.nonResourceURLs\[0\]: .*begin with a '\/'.*; rules\[0\]\.nonResourceURLs\[1\]: .*final character.*; rules\[0\]\.nonResourceURLs: .*cannot apply to both/,
    ],
    [
      `${HEADER}rules: [{level: None, resources: [{group: apps/v1, resourceNames: [a]}]}]`,
      /^rules\[0\]\.resources\[0\]\.group: .*; rules\[0\]\.resources\[0\]\.resourceNames: .*requires at least one resource$/,
    ],
  ];
  for (const [text, message] of wrong)
    assert.throws(() => parseAuditPolicy(text), { name: 'ConfigurationError', message }, text);
});
