import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOf, problemsOfUpdate } from './problems.fixture.ts';

const priority = (rest: object, name = 'x') =>
  objectOf('scheduling.k8s.io/v1', 'PriorityClass', { metadata: { name }, ...rest });
const runtime = (rest: object) => objectOf('node.k8s.io/v1', 'RuntimeClass', { handler: 'a', ...rest });

test('validatePriorityClass bounds values, and knows two ways to preempt', () => {
  assert.deepEqual(problemsOf(priority({ value: 1_000_000_000, preemptionPolicy: 'Never' })), []);
  assert.deepEqual(problemsOf(priority({ value: 1_000_000_001, preemptionPolicy: 'Always' })), [
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    'preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"',
  ]);
  assert.deepEqual(problemsOf(priority({ preemptionPolicy: '' })), ['preemptionPolicy: Required value']);
  const reserved =
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: ";
  assert.deepEqual(problemsOf(priority({ value: 1 }, 'system-mine')), [
    `${reserved}system-mine is not a known system priority class`,
  ]);
  assert.deepEqual(problemsOf(priority({ value: 1 }, 'system-node-critical')), [
    `${reserved}value of system-node-critical PriorityClass must be 2000001000`,
  ]);
});

test('validatePriorityClassUpdate keeps value and policy', () => {
  const changed = priority({ value: 2, preemptionPolicy: 'Never', globalDefault: true });
  assert.deepEqual(problemsOfUpdate(changed, priority({ value: 1 })), [
    'value: Forbidden: may not be changed in an update.',
    'preemptionPolicy: Invalid value: "Never": field is immutable',
  ]);
});

test('validateRuntimeClass looks at its handler, what it costs, and where it runs', () => {
  const toleration = { key: 'a', operator: 'Exists' };
  const scheduling = {
    nodeSelector: { a: 'b' },
    tolerations: [toleration, { key: 'b', operator: 'Exists' }],
  };
  assert.deepEqual(problemsOf(runtime({ overhead: { podFixed: { cpu: '1' } }, scheduling })), []);
  assert.deepEqual(problemsOf(runtime({ overhead: { podFixed: { cpu: '-1' } } })), [
    'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ]);
  const again = { ...toleration, tolerationSeconds: 5, effect: '' };
  assert.deepEqual(problemsOf(runtime({ scheduling: { tolerations: [toleration, again] } })), [
    'scheduling.tolerations[1].effect: Invalid value: "": effect must be \'NoExecute\' when `tolerationSeconds` is set',
    `scheduling.tolerations[1]: Duplicate value: ${JSON.stringify(again)}`,
  ]);
  assert.match(
    problemsOf(runtime({ handler: 'a.b' }))[0]!,
    /^handler: Invalid value: "a.b": must not contain dots/,
  );
});

test('validateRuntimeClassUpdate keeps the handler', () => {
  assert.deepEqual(problemsOfUpdate(runtime({ handler: 'b' }), runtime({})), [
    'handler: Invalid value: "b": field is immutable',
  ]);
});
