import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeSelectorRequirement, NodeSelectorTerm, Pod, PodSpec } from '../generated/core-v1.ts';
import { validatePodUpdate } from './pod-update.ts';
import { texts } from './problems.fixture.ts';

const GATED = { schedulingGates: [{ name: 'example.com/g' }] };
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const TERMS = `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms`;

function newPod(spec: Partial<PodSpec>): Pod {
  return { metadata: {}, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } } as Pod;
}

/** Without the list of all that might be changed. */
function problems(now: Partial<PodSpec>, old: Partial<PodSpec>): string[] {
  return texts(validatePodUpdate(newPod(now), newPod(old))).map(
    (words) => words.split(' `spec.containers')[0]!,
  );
}

const FIXED = 'spec: Forbidden: pod updates may not change fields other than';

test('validatePodUpdate lets images change, nothing else of containers', () => {
  deepEqual(problems({ containers: [{ name: 'c', image: 'j' }] }, {}), []);
  deepEqual(problems({ containers: [{ name: 'c', image: 'i', tty: true }] }, {}), [FIXED]);
  deepEqual(problems({ initContainers: [{ name: 'i', image: 'i' }] }, {}), [
    'spec.initContainers: Forbidden: pod updates may not add or remove containers',
  ]);
});

test('validatePodUpdate lets a deadline be set and come nearer', () => {
  const field = 'spec.activeDeadlineSeconds: Invalid value:';
  deepEqual(
    [
      ...problems({ activeDeadlineSeconds: 9 }, {}),
      ...problems({ activeDeadlineSeconds: 8 }, { activeDeadlineSeconds: 9 }),
    ],
    [],
  );
  deepEqual(problems({ activeDeadlineSeconds: 10 }, { activeDeadlineSeconds: 9 }), [
    `${field} 10: must be less than or equal to previous value`,
  ]);
  deepEqual(problems({ activeDeadlineSeconds: 10, hostname: 'h' }, { activeDeadlineSeconds: 9 }), [
    `${field} 10: must be less than or equal to previous value`,
  ]);
  deepEqual(problems({}, { activeDeadlineSeconds: 9 }), [
    `${field} null: must not update from a positive integer to nil value`,
  ]);
});

test('validatePodUpdate keeps the grace period', () => {
  deepEqual(problems({ terminationGracePeriodSeconds: 9 }, { terminationGracePeriodSeconds: 30 }), [FIXED]);
});

test('validatePodUpdate lets a grace of less than nothing become the least there is', () => {
  const before = { terminationGracePeriodSeconds: -1 };
  deepEqual(problems({ terminationGracePeriodSeconds: 1 }, before), []);
  deepEqual(problems({ terminationGracePeriodSeconds: 2 }, before), [FIXED]);
});

test('validatePodUpdate judges no spec that stays what it was', () => {
  const wrong = { dnsPolicy: 'Guess' };
  deepEqual(problems(wrong, wrong), []);
  deepEqual(problems({ ...wrong, activeDeadlineSeconds: 5 }, wrong).length, 1);
});

test('validatePodUpdate lets the nodes of a gated Pod be narrowed', () => {
  const old = { ...GATED, nodeSelector: { zone: 'a' } };
  deepEqual(problems({ nodeSelector: { zone: 'a', disk: 'ssd' } }, old), []);
  deepEqual(problems({ nodeSelector: { zone: 'b' } }, old), [
    'spec.nodeSelector: Invalid value: {"zone":"b"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
  ]);
  deepEqual(problems({ nodeSelector: { zone: 'a', disk: 'ssd' } }, { nodeSelector: { zone: 'a' } }), [FIXED]);
});

function wanting(...nodeSelectorTerms: NodeSelectorTerm[]): Partial<PodSpec> {
  return { ...GATED, affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms } } } };
}

test('validatePodUpdate lets the node affinity of a gated Pod ask for more', () => {
  const ssd: NodeSelectorRequirement = { key: 'ssd', operator: 'Exists' };
  const gpu: NodeSelectorRequirement = { key: 'gpu', operator: 'Exists' };
  const both = wanting({ matchExpressions: [ssd, gpu] });
  const one = wanting({ matchExpressions: [ssd] });
  deepEqual([...problems(both, one), ...problems(one, GATED), ...problems(GATED, GATED)], []);
  const matched = JSON.stringify({ matchExpressions: [ssd] });
  deepEqual(problems(one, both), [
    `${TERMS}[0]: Invalid value: ${matched}: only additions are allowed (no mutations or deletions)`,
  ]);
  deepEqual(problems(one, wanting({})), [
    `${TERMS}[0]: Invalid value: ${matched}: only additions are allowed (no mutations or deletions)`,
  ]);
  deepEqual(problems(GATED, one), [
    `${TERMS}: Invalid value: []: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
  ]);
  const near = { podAffinity: { [REQUIRED]: [{ topologyKey: 'zone' }] } };
  deepEqual(problems({ ...GATED, affinity: near }, GATED), [FIXED]);
});
