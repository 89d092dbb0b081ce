import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectOf, problemsOf, problemsOfSubresource, problemsOfUpdate } from './problems.fixture.ts';

const namespace = (fields: object) => objectOf('v1', 'Namespace', { ...fields });
const held = (...finalizers: string[]) => namespace({ spec: { finalizers } });

test('validateNamespace knows the finalizers that have no domain', () => {
  assert.deepEqual(problemsOf(held('kubernetes', 'example.com/mine')), []);
  const detail = 'name is neither a standard finalizer name nor is it fully qualified';
  assert.deepEqual(problemsOf(held('mine')), [`spec.finalizers: Invalid value: "mine": ${detail}`]);
  assert.deepEqual(problemsOfSubresource('finalize', held('kubernetes', 'mine')), [
    `spec.finalizers[1]: Invalid value: "mine": ${detail}`,
  ]);
  assert.deepEqual(problemsOfUpdate(held('mine'), held('mine')), []);
});

test('validateNamespaceSubresource asks for the phase that deletion gives', () => {
  const inPhase = (phase: string, metadata = {}) => namespace({ metadata, status: { phase } });
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  for (const phase of ['Active', '']) assert.deepEqual(problemsOfSubresource('status', inPhase(phase)), []);
  assert.deepEqual(problemsOfSubresource('status', inPhase('Terminating', going)), []);
  assert.deepEqual(problemsOfSubresource('status', inPhase('Terminating')), [
    `status.Phase: Invalid value: "Terminating": may only be 'Active' if \`deletionTimestamp\` is empty`,
  ]);
  assert.deepEqual(problemsOfSubresource('status', inPhase('Active', going)), [
    `status.Phase: Invalid value: "Active": may only be 'Terminating' if \`deletionTimestamp\` is not empty`,
  ]);
});
