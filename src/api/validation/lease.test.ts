import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problems } from './judged.fixture.ts';

const ofSpec = (spec: object) => problems(objectOf('coordination.k8s.io/v1', 'Lease', { spec }));

test('validateLease judges times, and how its holder is chosen', () => {
  assert.deepEqual(ofSpec({ leaseDurationSeconds: 40, leaseTransitions: 0, holderIdentity: 'a' }), []);
  assert.deepEqual(ofSpec({ strategy: 'OldestEmulationVersion', preferredHolder: 'b' }), []);
  assert.deepEqual(ofSpec({ leaseDurationSeconds: 0, leaseTransitions: -1, preferredHolder: 'b' }), [
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    'spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined',
  ]);
  assert.deepEqual(ofSpec({ strategy: 'Youngest' }), [
    'spec.strategy.strategy: Unsupported value: "Youngest": supported values: "OldestEmulationVersion"',
  ]);
  assert.deepEqual(ofSpec({ strategy: 'a.io/' }), [
    'spec.strategy.strategy: Invalid value: "a.io/": name part must be non-empty',
  ]);
});
