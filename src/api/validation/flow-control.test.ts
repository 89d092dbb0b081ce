import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { defaultFlowSchema, defaultPriorityLevel } from '../defaults/flow-control.ts';
import {
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  SUGGESTED_FLOW_SCHEMAS,
  SUGGESTED_PRIORITY_LEVELS,
} from '../flow-control/bootstrap.ts';
import type { FlowSchemaSpec, PriorityLevelConfigurationSpec, Subject } from '../generated/flowcontrol-v1.ts';
import { validateFlowControlStatus, validateFlowSchema } from './flow-schema.ts';
import { validatePriorityLevel } from './priority-level.ts';

const ALICE: Subject = { kind: 'User', user: { name: 'alice' } };
const READ = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] };

function schemaProblems(spec: Partial<FlowSchemaSpec>, name = 'mine'): string[] {
  const rules = [{ subjects: [ALICE], resourceRules: [READ] }];
  const whole = { priorityLevelConfiguration: { name: 'system' }, matchingPrecedence: 1000, rules, ...spec };
  return validateFlowSchema({ metadata: { name }, spec: whole }).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

function levelProblems(spec: PriorityLevelConfigurationSpec, name = 'mine'): string[] {
  return validatePriorityLevel({ metadata: { name }, spec }).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

test('validateFlowSchema takes what a cluster starts with', () => {
  for (const { name, spec } of [...MANDATORY_FLOW_SCHEMAS, ...SUGGESTED_FLOW_SCHEMAS]) {
    deepEqual(schemaProblems(spec, name), [], name);
  }
});

test('validateFlowSchema names what is wrong with precedence, level and distinguisher', () => {
  deepEqual(schemaProblems({ matchingPrecedence: 1 }), [
    "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
  ]);
  deepEqual(schemaProblems({ matchingPrecedence: 10_001 }), [
    'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000',
  ]);
  deepEqual(schemaProblems({ priorityLevelConfiguration: { name: '' } }), [
    'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
  ]);
  deepEqual(schemaProblems({ distinguisherMethod: { type: 'ByPod' } }), [
    'spec.distinguisherMethod.type: Unsupported value: {"type":"ByPod"}: supported values: "ByNamespace", "ByUser"',
  ]);
  deepEqual(schemaProblems({ matchingPrecedence: 9000 }, 'catch-all').length, 1);
});

test('validateFlowSchema names what is wrong with subjects', () => {
  const ofSubject = (subject: Subject) =>
    schemaProblems({ rules: [{ subjects: [subject], resourceRules: [READ] }] });
  const path = 'spec.rules[0].subjects[0]';
  deepEqual(ofSubject({ kind: 'Robot' }), [
    `${path}.kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"`,
  ]);
  deepEqual(ofSubject({ kind: 'Group', user: { name: 'a' } }), [
    `${path}.group: Required value: group is required when subject kind is 'Group'`,
    `${path}.user: Forbidden: user is forbidden when subject kind is not 'User'`,
  ]);
  deepEqual(ofSubject({ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: '' } }), [
    `${path}.serviceAccount.namespace: Required value: must specify namespace for service account`,
  ]);
  deepEqual(schemaProblems({ rules: [{ subjects: [] }] }), [
    'spec.rules[0].subjects: Required value: subjects must contain at least one value',
    'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
  ]);
});

test('validateFlowSchema names what is wrong with rules', () => {
  const resource = { ...READ, verbs: ['get', '*'], namespaces: [] };
  const path = 'spec.rules[0].resourceRules[0]';
  deepEqual(schemaProblems({ rules: [{ subjects: [ALICE], resourceRules: [resource] }] }), [
    `${path}.verbs: Invalid value: ["get","*"]: if '*' is present, must not specify other verbs`,
    `${path}.namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
  ]);
  const urls = ['healthz', '/a b', '/a//b', '/a*', '/ok/*', '/'];
  const ofUrls = { subjects: [ALICE], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: urls }] };
  deepEqual(
    schemaProblems({ rules: [ofUrls] }).map((problem) => problem.replace(/^.*?URLs/, '')),
    [
      '[0]: Invalid value: "healthz": must start with slash',
      '[1]: Invalid value: "/a b": must not contain white-space',
      '[2]: Invalid value: "/a//b": must not contain double slash',
      '[3]: Invalid value: "/a*": wildcard can only do suffix matching',
    ],
  );
});

test('validatePriorityLevel takes what a cluster starts with, and what may be changed of it', () => {
  for (const { name, spec } of [...MANDATORY_PRIORITY_LEVELS, ...SUGGESTED_PRIORITY_LEVELS]) {
    deepEqual(levelProblems(spec, name), [], name);
  }
  deepEqual(levelProblems({ type: 'Exempt', exempt: { nominalConcurrencyShares: 7 } }, 'exempt'), []);
  const limited = { limitResponse: { type: 'Reject' }, nominalConcurrencyShares: 6, lendablePercent: 0 };
  equal(levelProblems({ type: 'Limited', limited }, 'catch-all').length, 1);
});

test('validatePriorityLevel refuses what only an older version of the kind needs', () => {
  const annotation = 'flowcontrol.k8s.io/preserve-zero-concurrency-shares';
  const metadata = { name: 'mine', annotations: { [annotation]: '' } };
  const spec = { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } };
  deepEqual(
    validatePriorityLevel({ metadata, spec }).map(({ field, message }) => `${field}: ${message}`),
    [`metadata.annotations: Forbidden: annotation '${annotation}' is forbidden`],
  );
});

test('validatePriorityLevel names what is wrong', () => {
  deepEqual(levelProblems({ type: 'Exempt' }), [
    "spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'",
  ]);
  deepEqual(levelProblems({ type: 'Limited' }), [
    'spec.limited: Required value: must not be empty when type is Limited',
  ]);
  const limited = {
    nominalConcurrencyShares: -1,
    lendablePercent: 101,
    borrowingLimitPercent: -1,
    limitResponse: { type: 'Reject', queuing: {} },
  };
  deepEqual(levelProblems({ type: 'Limited', limited }), [
    'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
    'spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited',
    'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
    'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
  ]);
  const ofHand = (handSize: number) => {
    const queuing = { queues: 128, handSize, queueLengthLimit: 50 };
    return levelProblems({ type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing } } });
  };
  deepEqual(ofHand(8), []);
  deepEqual(ofHand(9), [
    'spec.limited.limitResponse.queuing.handSize: Invalid value: 9: required entropy bits of deckSize 128 and handSize 9 should not be greater than 60',
  ]);
});

test('validateFlowControlStatus wants each condition once', () => {
  const conditions = [{ type: 'A' }, { type: 'A' }, {}];
  deepEqual(
    validateFlowControlStatus({ status: { conditions } }).map(({ field, message }) => `${field}: ${message}`),
    ['status.conditions[1].type: Duplicate value: "A"', 'status.conditions[2].type: Required value'],
  );
});

test('defaultPriorityLevel keeps shares of 0, and fills in what is absent', () => {
  const limited = { nominalConcurrencyShares: 0, limitResponse: { type: 'Queue', queuing: {} } };
  const spec: PriorityLevelConfigurationSpec = { type: 'Limited', limited };
  defaultPriorityLevel({ spec });
  deepEqual(spec.limited, {
    nominalConcurrencyShares: 0,
    lendablePercent: 0,
    limitResponse: { type: 'Queue', queuing: { handSize: 8, queues: 64, queueLengthLimit: 50 } },
  });
  const schema: FlowSchemaSpec = { priorityLevelConfiguration: { name: 'x' } };
  defaultFlowSchema({ spec: schema });
  equal(schema.matchingPrecedence, 1000);
});
