import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../api/generated/core-v1.ts';
import { changesReplicaSet } from './consequence.ts';

const RUNNING: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'web-1',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { app: 'web' },
  },
  spec: { containers: [{ name: 'web' }] },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:01Z' }],
  },
};

const changed = (
  metadata: Partial<Pod['metadata']>,
  status: Partial<NonNullable<Pod['status']>> = {},
): Pod => ({
  ...RUNNING,
  metadata: { ...RUNNING.metadata, resourceVersion: '2', ...metadata },
  status: { ...RUNNING.status!, ...status },
});

const ready = (status: 'True' | 'False', second: number) => ({
  conditions: [{ type: 'Ready', status, lastTransitionTime: `2026-01-01T00:00:0${second}Z` }],
});

const CASES: Record<string, [Pod, boolean]> = {
  'a binding': [{ ...changed({}), spec: { ...RUNNING.spec, nodeName: 'node-1' } }, false],
  'container statuses': [changed({}, { containerStatuses: [] }), false],
  'an address': [changed({}, { podIP: '10.0.0.1' }), false],
  annotations: [changed({ annotations: { a: 'b' } }), false],
  labels: [changed({ labels: { app: 'other' } }), true],
  'no longer ready': [changed({}, ready('False', 2)), true],
  'ready anew, between two looks': [changed({}, ready('True', 3)), true],
  'an end': [changed({}, { phase: 'Failed' }), true],
  'a deletion': [changed({ deletionTimestamp: '2026-01-01T00:01:00Z' }), true],
};

for (const [what, [after, expected]] of Object.entries(CASES)) {
  test(`changesReplicaSet: ${what} ${expected ? 'is' : 'is not'} of consequence`, () => {
    equal(changesReplicaSet(after, RUNNING), expected);
  });
}
