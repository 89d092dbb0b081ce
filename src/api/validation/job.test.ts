import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../generated/batch-v1.ts';
import { generateJobSelector } from '../job-selector.ts';
import { objectOf, problems, updateProblems } from './judged.fixture.ts';

const CONTAINER = { name: 'main', image: 'busybox:1' };
const withPod = (spec: object = {}) => ({
  spec: { restartPolicy: 'Never', containers: [CONTAINER], ...spec },
});

function job(spec: object = {}, meta: object = {}, status: object = {}) {
  const object = objectOf('batch/v1', 'Job', { spec: { template: withPod(), ...spec }, status }, meta);
  generateJobSelector(object as unknown as Job);
  return object;
}
const indexed = (spec: object) => job({ completionMode: 'Indexed', ...spec });
const ofSpec = (spec: object) => problems(job(spec));
const ofIndexed = (spec: object) => problems(indexed(spec));

test('validateJob accepts ordinary ones', () => {
  assert.deepEqual(ofSpec({}), []);
  assert.deepEqual(
    ofIndexed({ completions: 3, parallelism: 2, backoffLimitPerIndex: 1, maxFailedIndexes: 2 }),
    [],
  );
  const selector = { matchLabels: { app: 'main' } };
  const template = { ...withPod(), metadata: { labels: { app: 'main' } } };
  assert.deepEqual(ofSpec({ manualSelector: true, selector, template }), []);
});

test('validateJob wants Pods that end', () => {
  const field = 'spec.template.spec.restartPolicy';
  const wanted = `${field}: Required value: valid values: "OnFailure", "Never"`;
  assert.deepEqual(ofSpec({ template: withPod({ restartPolicy: 'Always' }) }), [wanted]);
  assert.deepEqual(ofSpec({ template: withPod({ restartPolicy: undefined }) }), [wanted]);
  const podFailurePolicy = { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] };
  assert.deepEqual(ofSpec({ podFailurePolicy, template: withPod({ restartPolicy: 'OnFailure' }) }), [
    `${field}: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified`,
  ]);
});

test('validateJob wants the selector that the server makes, unless it is the user’s', () => {
  const bare = objectOf('batch/v1', 'Job', { spec: { template: withPod() } });
  assert.deepEqual(problems(bare), [
    'spec.selector: Required value',
    'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
  ]);
  const template = { ...withPod(), metadata: { labels: { 'job-name': 'other' } } };
  const shown = JSON.stringify({
    'batch.kubernetes.io/controller-uid': 'u',
    'batch.kubernetes.io/job-name': 'x',
    'controller-uid': 'u',
    'job-name': 'other',
  });
  assert.deepEqual(ofSpec({ template }), [
    `spec.template.metadata.labels[job-name]: Invalid value: ${shown}: must be 'x'`,
  ]);
  const selector = { matchLabels: { app: 'main' } };
  const labelled = { ...withPod(), metadata: { labels: { app: 'main' } } };
  assert.deepEqual(ofSpec({ selector, template: labelled }), [
    'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"u","app":"main"}}: `selector` not auto-generated',
  ]);
});

test('validateJob judges counts', () => {
  const fields = [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
  ];
  assert.deepEqual(
    ofSpec(Object.fromEntries(fields.map((field) => [field, -1]))),
    fields.map((field) => `spec.${field}: Invalid value: -1: must be greater than or equal to 0`),
  );
});

test('validateJob judges what goes with its completion mode', () => {
  assert.deepEqual(ofSpec({ completionMode: 'Sorted' }), [
    'spec.completionMode: Unsupported value: "Sorted": supported values: "NonIndexed", "Indexed"',
  ]);
  assert.deepEqual(ofSpec({ maxFailedIndexes: 1 }), [
    'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
    'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
  ]);
  assert.deepEqual(ofIndexed({ parallelism: 100_001 }), [
    'spec.completions: Required value: when completion mode is Indexed',
    'spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed',
  ]);
  assert.deepEqual(ofIndexed({ completions: 2, backoffLimitPerIndex: 1, maxFailedIndexes: 3 }), [
    'spec.maxFailedIndexes: Invalid value: 3: must be less than or equal to completions',
  ]);
  const limits =
    'must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index';
  assert.deepEqual(ofIndexed({ completions: 100_001, parallelism: 10_001, backoffLimitPerIndex: 1 }), [
    'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
    `spec.parallelism: Invalid value: 10001: ${limits}`,
  ]);
});

test('validateJob judges the name by the hostnames of its Pods', () => {
  const name = 'a'.repeat(61);
  assert.deepEqual(problems(job({ completionMode: 'Indexed', completions: 10 }, { name })), []);
  assert.deepEqual(problems(job({ completionMode: 'Indexed', completions: 11 }, { name })), [
    `metadata.name: Invalid value: "${name}": will not able to create pod with invalid DNS label: ${name}-10`,
  ]);
});

test('validateJob judges who manages it and when its Pods are replaced', () => {
  assert.deepEqual(ofSpec({ managedBy: 'example.com/jobs' }), []);
  assert.deepEqual(ofSpec({ managedBy: 'jobs' }), [
    'spec.managedBy: Invalid value: "jobs": must be a domain-prefixed path (such as "acme.io/foo")',
  ]);
  assert.deepEqual(ofSpec({ managedBy: `example.com/${'a'.repeat(60)} ` }), [
    `spec.managedBy: Invalid value: "${'a'.repeat(60)} ": Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')`,
    'spec.managedBy: Too long: may not be more than 63 bytes',
  ]);
  assert.deepEqual(ofSpec({ podReplacementPolicy: 'Soon' }), [
    'spec.podReplacementPolicy: Unsupported value: "Soon": supported values: "Failed", "TerminatingOrFailed"',
  ]);
  const podFailurePolicy = { rules: [{ action: 'Count', onPodConditions: [{ type: 'Ready' }] }] };
  assert.deepEqual(ofSpec({ podFailurePolicy, podReplacementPolicy: 'TerminatingOrFailed' }), [
    'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
  ]);
});

test('validateFailurePolicy judges each rule', () => {
  const ofRule = (rule: object) => ofSpec({ podFailurePolicy: { rules: [rule] } });
  const at = 'spec.podFailurePolicy.rules[0]';
  assert.deepEqual(ofRule({ action: 'FailJob', onExitCodes: { operator: 'In', values: [1, 2] } }), []);
  assert.deepEqual(ofRule({}), [
    `${at}.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]`,
    `${at}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`,
  ]);
  const onExitCodes = { operator: 'In', containerName: 'other', values: [3, 0, 3] };
  assert.deepEqual(
    ofRule({ action: 'FailIndex', onExitCodes, onPodConditions: [{ type: '', status: 'No' }] }),
    [
      `${at}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`,
      `${at}.onExitCodes.containerName: Invalid value: "other": must be one of the container or initContainer names in the pod template`,
      `${at}.onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator`,
      `${at}.onExitCodes.values[2]: Duplicate value: 3`,
      `${at}.onExitCodes.values: Invalid value: [3,0,3]: must be ordered`,
      `${at}.onPodConditions[0].type: Invalid value: "": name part must be non-empty`,
      `${at}.onPodConditions[0].status: Unsupported value: "No": supported values: "False", "True", "Unknown"`,
      `${at}: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported`,
    ],
  );
  const rule = { action: 'Ignore', onPodConditions: [{ type: 'Ready' }] };
  assert.deepEqual(ofSpec({ podFailurePolicy: { rules: Array(21).fill(rule) } }), [
    'spec.podFailurePolicy.rules: Too many: 21: must have at most 20 items',
  ]);
});

test('validateSuccessPolicy counts indexes', () => {
  const ofRule = (rule: object) => ofIndexed({ completions: 5, successPolicy: { rules: [rule] } });
  const at = 'spec.successPolicy.rules[0]';
  assert.deepEqual(ofRule({ succeededIndexes: '0,2-4', succeededCount: 4 }), []);
  assert.deepEqual(ofRule({}), [
    `${at}: Required value: at least one of succeededCount or succeededIndexes must be specified`,
  ]);
  assert.deepEqual(ofRule({ succeededIndexes: '1-2', succeededCount: 6 }), [
    `${at}.succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions)`,
    `${at}.succeededCount: Invalid value: 6: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)`,
  ]);
  const parsing = `${at}.succeededIndexes: Invalid value: `;
  const unread = (text: string) => ofRule({ succeededIndexes: text })[0]?.replace(parsing, '');
  const because = (text: string, why: string) => `"${text}": error parsing succeededIndexes: ${why}`;
  assert.equal(unread('2-1'), because('2-1', 'non-increasing order, previous: 2, current: 1'));
  assert.equal(unread('3,3'), because('3,3', 'non-increasing order, previous: 3, current: 3'));
  assert.equal(unread('5'), because('5', 'too large index: "5"'));
  assert.equal(unread('a'), because('a', 'cannot convert string to integer for index: "a"'));
  assert.equal(
    unread('1-2-3'),
    because(
      '1-2-3',
      `the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
    ),
  );
  assert.deepEqual(ofSpec({ successPolicy: { rules: [{ succeededCount: 1 }] } }), [
    'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode',
  ]);
});

test('validateJobUpdate keeps what its Pods were made from', () => {
  const old = job();
  assert.deepEqual(updateProblems(job({ completions: 1, parallelism: 3, suspend: true }), old), []);
  assert.deepEqual(updateProblems(job({ completions: 2, managedBy: 'a.io/b' }), old), [
    'spec.completions: Invalid value: 2: field is immutable',
    'spec.managedBy: Invalid value: "a.io/b": field is immutable',
  ]);
  const [template] = updateProblems(job({ template: withPod({ hostname: 'h' }) }), old);
  assert.match(template ?? '', /^spec\.template: Invalid value: \{.*\}: field is immutable$/);
});

test('validateJobUpdate lets Jobs of indexes grow and shrink as a whole', () => {
  const old = indexed({ completions: 2, parallelism: 2 });
  assert.deepEqual(updateProblems(indexed({ completions: 3, parallelism: 3 }), old), []);
  assert.deepEqual(updateProblems(indexed({ completions: 3, parallelism: 2 }), old), [
    'spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism',
  ]);
});

test('validateJobUpdate lets suspended Jobs say anew where and how large', () => {
  const resources = { requests: { cpu: '1' } };
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
    },
  };
  const pod = {
    nodeSelector: { a: 'b' },
    affinity: { nodeAffinity },
    containers: [{ ...CONTAINER, resources }],
  };
  const moved = job({ suspend: true, template: withPod(pod) });
  assert.deepEqual(updateProblems(moved, job({ suspend: true })), []);
  const started = { startTime: '2026-01-01T00:00:00Z' };
  const stopped = { ...started, conditions: [{ type: 'Suspended', status: 'True' }] };
  assert.deepEqual(updateProblems(moved, job({ suspend: true }, {}, stopped)), []);
  for (const old of [job(), job({ suspend: true }, {}, started), job({ suspend: true }, {}, { active: 1 })])
    assert.match(
      updateProblems(moved, old)[0] ?? '',
      /^spec\.template: Invalid value: .* field is immutable$/,
    );
  const otherImage = job({
    suspend: true,
    template: withPod({ containers: [{ ...CONTAINER, image: 'b:2' }] }),
  });
  assert.match(
    updateProblems(otherImage, job({ suspend: true }))[0] ?? '',
    /^spec\.template\.spec: Invalid value: .* field is immutable$/,
  );
});

test('validateJobUpdate lets a Job without a selector be, which came in before there were any', () => {
  const old = objectOf('batch/v1', 'Job', { spec: { template: withPod() } });
  assert.deepEqual(updateProblems(old, old), []);
});
