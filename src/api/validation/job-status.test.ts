import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, statusProblems } from './judged.fixture.ts';

const [START, END] = ['2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'];
const job = (spec: object = {}) => objectOf('batch/v1', 'Job', { spec });
const ofChange = (status: object, before: object = {}, spec: object = {}) =>
  statusProblems(job(spec), status, before);
const conditions = (...types: string[]) => types.map((type) => ({ type, status: 'True' }));
const COMPLETE = {
  startTime: START,
  completionTime: END,
  conditions: conditions('SuccessCriteriaMet', 'Complete'),
};
const FAILED = { startTime: START, conditions: conditions('FailureTarget', 'Failed') };
const INDEXED = { completionMode: 'Indexed', completions: 5, parallelism: 2, backoffLimitPerIndex: 1 };

test('validateJobStatus accepts the ways of a Job', () => {
  assert.deepEqual(ofChange({ startTime: START, active: 2, ready: 1 }), []);
  assert.deepEqual(ofChange(COMPLETE, { startTime: START, active: 1 }), []);
  assert.deepEqual(ofChange(FAILED, { startTime: START }), []);
  assert.deepEqual(ofChange({ completedIndexes: '0,2', failedIndexes: '1' }, {}, INDEXED), []);
});

test('validateJobStatus wants an end that is whole', () => {
  assert.deepEqual(ofChange({ conditions: conditions('Complete') }), [
    'status.completionTime: Required value: completionTime is required for Complete jobs',
    'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    'status.startTime: Required value: startTime is required for finished job',
  ]);
  assert.deepEqual(ofChange({ ...FAILED, conditions: conditions('Failed') }), [
    'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
  ]);
  assert.deepEqual(
    ofChange({ ...COMPLETE, completionTime: START, startTime: END, active: 1, terminating: 1 }),
    [
      `status.completionTime: Invalid value: "${START}": must be equal to or after \`startTime\``,
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
      'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job',
    ],
  );
  assert.deepEqual(ofChange({ ...FAILED, uncountedTerminatedPods: { failed: ['a'] } }), [
    'status.uncountedTerminatedPods: Invalid value: {"Succeeded":null,"Failed":["a"]}: must be empty for finished job',
  ]);
  assert.deepEqual(ofChange({ startTime: START, completionTime: END }), [
    `status.completionTime: Invalid value: "${END}": cannot set completionTime when there is no Complete=True condition`,
  ]);
});

test('validateJobStatus wants one end', () => {
  const both = ['SuccessCriteriaMet', 'Complete', 'FailureTarget', 'Failed'];
  assert.deepEqual(ofChange({ ...COMPLETE, conditions: conditions(...both) }), [
    'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
    'status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions',
    'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions',
    'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
  ]);
  assert.deepEqual(ofChange({ startTime: START }, FAILED), [
    'status.conditions: Invalid value: cannot disable the terminal Failed=True condition',
    'status.conditions: Invalid value: cannot disable the terminal FailureTarget=True condition',
  ]);
  assert.deepEqual(
    ofChange({ startTime: START }, { startTime: START, conditions: conditions('SuccessCriteriaMet') }),
    ['status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition'],
  );
  assert.deepEqual(ofChange({ ...COMPLETE, completionTime: '2026-01-01T00:02:00Z' }, COMPLETE), [
    'status.completionTime: Invalid value: "2026-01-01T00:02:00Z": field is immutable',
  ]);
});

test('validateJobStatus lets counts only grow', () => {
  assert.deepEqual(ofChange({ failed: 1, succeeded: 1 }, { failed: 2, succeeded: 2 }), [
    'status.failed: Invalid value: 1: cannot decrease the failed counter',
    'status.succeeded: Invalid value: 1: cannot decrease the succeeded counter',
  ]);
  assert.deepEqual(ofChange({ succeeded: 1 }, { succeeded: 2 }, { ...INDEXED, parallelism: 5 }), []);
  assert.deepEqual(ofChange({ active: -1, ready: 0 }), [
    'status.active: Invalid value: -1: must be greater than or equal to 0',
    'status.ready: Invalid value: 0: cannot set more ready pods than active',
  ]);
  assert.deepEqual(ofChange({}, { startTime: START }), [
    'status.startTime: Required value: startTime cannot be removed for unsuspended job',
  ]);
  assert.deepEqual(ofChange({}, { startTime: START }, { suspend: true }), []);
});

test('validateJobStatus counts each Pod once', () => {
  assert.deepEqual(ofChange({ uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } }), [
    'status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
    'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
  ]);
});

test('validateJobStatus judges indexes when they change', () => {
  const wrong = { completedIndexes: '0-3,9', failedIndexes: '3' };
  assert.deepEqual(ofChange(wrong, {}, INDEXED), [
    'status.completedIndexes: Invalid value: "0-3,9": error parsing completedIndexes: too large index: "9"',
    'status.failedIndexes: Invalid value: "3": failedIndexes and completedIndexes overlap at index: 3',
  ]);
  assert.deepEqual(ofChange({ ...wrong, active: 1 }, wrong, INDEXED), []);
  assert.deepEqual(ofChange({ completedIndexes: '0', failedIndexes: '' }), [
    'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
    'status.failedIndexes: Invalid value: "": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
  ]);
});
