import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems, SELECTOR, statusProblems } from './judged.fixture.ts';

const budget = (spec: object) => objectOf('policy/v1', 'PodDisruptionBudget', { spec });

test('validatePodDisruptionBudget wants one bound, of at most all', () => {
  assert.deepEqual(problems(budget({ minAvailable: '100%', selector: SELECTOR })), []);
  assert.deepEqual(problems(budget({ minAvailable: 1, maxUnavailable: '5%' })), [
    'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"5%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
  ]);
  assert.deepEqual(problems(budget({ minAvailable: '101%' })), [
    'spec.minAvailable: Invalid value: "101%": must not be greater than 100%',
  ]);
  assert.deepEqual(problems(budget({ maxUnavailable: -1, unhealthyPodEvictionPolicy: 'Never' })), [
    'spec.maxUnavailable: Invalid value: -1: must be greater than or equal to 0',
    'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
  ]);
});

const READY = { type: 'Ready', status: 'True', reason: 'Fine', lastTransitionTime: '2026-01-01T00:00:00Z' };

test('validatePodDisruptionBudgetStatus wants whole conditions, each once', () => {
  const ofStatus = (status: object) => statusProblems(budget({}), status);
  assert.deepEqual(ofStatus({ conditions: [READY], currentHealthy: 1 }), []);
  assert.deepEqual(ofStatus({ conditions: [READY, { ...READY, status: 'Maybe', reason: '' }] }), [
    'status.conditions[1].type: Duplicate value: "Ready"',
    'status.conditions[1].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
    'status.conditions[1].reason: Required value: must be set',
  ]);
  assert.deepEqual(ofStatus({ conditions: [{ ...READY, lastTransitionTime: undefined, reason: '1' }] }), [
    'status.conditions[0].lastTransitionTime: Required value: must be set',
    "status.conditions[0].reason: Invalid value: \"1\": a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')",
  ]);
  assert.deepEqual(ofStatus({ disruptionsAllowed: -1 }), [
    'status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0',
  ]);
});
