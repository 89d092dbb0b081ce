import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOf, problemsOfUpdate } from './problems.fixture.ts';

const EVENTS = 'events.k8s.io/v1';
const TIME = '2026-01-01T00:00:00.000000Z';
const NEW = {
  eventTime: TIME,
  reportingComponent: 'example.com/controller',
  reportingInstance: 'a-1',
  action: 'Binding',
  reason: 'Scheduled',
  type: 'Normal',
};

const event = ({ namespace = 'a', subject = 'a', name = 'x', ...fields }: Record<string, unknown>) =>
  objectOf('v1', 'Event', {
    metadata: { namespace, name },
    involvedObject: { kind: 'Pod', name: 'p', ...(subject === '' ? {} : { namespace: subject }) },
    ...fields,
  });
const MISMATCH = 'does not match event.namespace';

test('validateEvent asks that an Event stands where its object does', () => {
  assert.deepEqual(problemsOf(event({})), []);
  assert.deepEqual(problemsOf(event({ subject: '', namespace: 'default' })), []);
  for (const [namespace, subject] of [
    ['a', 'b'],
    ['a', ''],
    ['kube-system', ''],
  ]) {
    assert.deepEqual(problemsOf(event({ namespace, subject })), [
      `involvedObject.namespace: Invalid value: "${subject}": ${MISMATCH}`,
    ]);
  }
});

test('validateEvent takes any name that a path can hold', () => {
  assert.deepEqual(problemsOf(event({ name: 'Node_A.17' })), []);
  assert.deepEqual(problemsOf(event({ name: 'a/b' })), [
    `metadata.name: Invalid value: "a/b": may not contain '/'`,
  ]);
});

test('validateEvent asks more of an Event that says when it was seen', () => {
  assert.deepEqual(problemsOf(event(NEW)), []);
  assert.deepEqual(problemsOf(event({ ...NEW, subject: 'b' })), []);
  assert.deepEqual(problemsOf(event({ ...NEW, subject: '', namespace: 'kube-system' })), []);
  assert.deepEqual(problemsOf(event({ eventTime: TIME, subject: '' })), [
    `involvedObject.namespace: Invalid value: "": ${MISMATCH}`,
    'reportingController: Required value',
    'reportingController: Invalid value: "": name part must be non-empty',
    'reportingInstance: Required value',
    'action: Required value',
    'reason: Required value',
  ]);
  const long = 'x'.repeat(1025);
  assert.deepEqual(
    problemsOf(event({ ...NEW, reportingInstance: long, action: long, reason: long, message: long })),
    [
      'reportingInstance: Invalid value: "": can have at most 128 characters',
      'action: Invalid value: "": can have at most 128 characters',
      'reason: Invalid value: "": can have at most 128 characters',
      'message: Invalid value: "": can have at most 1024 characters',
    ],
  );
});

test('validateEventsEvent takes none of the old fields', () => {
  assert.deepEqual(problemsOf(event(NEW), EVENTS), []);
  const old = { firstTimestamp: TIME, lastTimestamp: TIME, count: 2, source: { component: 'c' } };
  assert.deepEqual(problemsOf(event({ ...NEW, ...old, type: 'Odd', series: { count: 1 } }), EVENTS), [
    'series.count: Invalid value: "": should be at least 2',
    'series.lastObservedTime: Required value',
    'type: Invalid value: "": has invalid value: Odd',
    'firstTimestamp: Invalid value: "": needs to be unset',
    'lastTimestamp: Invalid value: "": needs to be unset',
    'count: Invalid value: "": needs to be unset',
    'source: Invalid value: "": needs to be unset',
  ]);
  assert.deepEqual(problemsOf(event({ type: 'Normal' }), EVENTS), ['eventTime: Required value']);
  for (const metadata of [{ namespace: 'a', name: 'A' }, { namespace: 'a' }]) {
    const problems = problemsOf({ ...event(NEW), metadata } as never, EVENTS);
    assert.ok(problems.some((problem) => /^metadata\.name: .*RFC 1123 subdomain/.test(problem)));
  }
});

test('validateEventsEventUpdate lets only the series grow', () => {
  const series = { count: 2, lastObservedTime: TIME };
  assert.deepEqual(problemsOfUpdate(event({ ...NEW, series }), event(NEW), EVENTS), []);
  assert.deepEqual(problemsOfUpdate(event({ ...NEW, series: { ...series, count: 1 } }), event(NEW), EVENTS), [
    'series.count: Invalid value: "": should be at least 2',
  ]);
  const changed = event({ ...NEW, message: 'new', reportingComponent: 'other' });
  assert.deepEqual(problemsOfUpdate(changed, event(NEW), EVENTS), [
    'message: Invalid value: "new": field is immutable',
    'reportingController: Invalid value: "other": field is immutable',
  ]);
  assert.deepEqual(problemsOfUpdate(changed, event(NEW)), []);
});
