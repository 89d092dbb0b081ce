import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Affinity, NodeSelectorTerm } from '../generated/core-v1.ts';
import { validateAffinity } from './affinity.ts';
import { texts } from './problems.fixture.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

function problems(affinity: Affinity): string[] {
  return texts(validateAffinity(affinity, 'a'));
}

function ofNodes(...nodeSelectorTerms: NodeSelectorTerm[]): string[] {
  const errors = problems({ nodeAffinity: { [REQUIRED]: { nodeSelectorTerms } } });
  return errors.map((words) => words.replace(`a.nodeAffinity.${REQUIRED}.nodeSelectorTerms`, ''));
}

test('validateAffinity lets Pods choose nodes by labels, numbers and names', () => {
  const matchExpressions = [
    { key: 'zone', operator: 'In', values: ['a', 'b'] },
    { key: 'example.com/gpu', operator: 'Exists' },
    { key: 'cores', operator: 'Gt', values: ['4'] },
  ];
  const matchFields = [{ key: 'metadata.name', operator: 'NotIn', values: ['n1'] }];
  deepEqual(ofNodes({ matchExpressions, matchFields }, {}), []);
});

test('validateAffinity refuses selectors of nodes that say too much or too little', () => {
  deepEqual(ofNodes(), [': Required value: must have at least one node selector term']);
  const matchExpressions = [
    { key: 'a', operator: 'In' },
    { key: 'b', operator: 'DoesNotExist', values: ['x'] },
    { key: 'c', operator: 'Lt', values: ['1', '2'] },
    { key: 'd', operator: 'Near' },
  ];
  deepEqual(ofNodes({}, { matchExpressions }), [
    "[1].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    "[1].matchExpressions[1].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    "[1].matchExpressions[2].values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
    '[1].matchExpressions[3].operator: Invalid value: "Near": not a valid selector operator',
  ]);
  const matchFields = [
    { key: 'metadata.uid', operator: 'In', values: ['1', '2'] },
    { key: 'metadata.name', operator: 'Exists', values: [] },
  ];
  deepEqual(ofNodes({ matchFields }), [
    "[0].matchFields[0].values: Required value: must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
    '[0].matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key',
    '[0].matchFields[1].operator: Invalid value: "Exists": not a valid selector operator',
  ]);
});

test('validateAffinity refuses label values that no node has, unless they are merely preferred', () => {
  const term = { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a b'] }] };
  const [error, ...others] = ofNodes(term);
  deepEqual(
    [error?.split(': ').slice(0, 3), others],
    [['[0].matchExpressions[0].values[0]', 'Invalid value', '"a b"'], []],
  );
  const preferred = [
    { weight: 1, preference: term },
    { weight: 101, preference: {} },
  ];
  deepEqual(problems({ nodeAffinity: { [PREFERRED]: preferred } }), [
    `a.nodeAffinity.${PREFERRED}[1].weight: Invalid value: 101: must be in the range 1-100`,
  ]);
});

test('validateAffinity refuses terms about Pods without a topology, or with wrong selectors', () => {
  const near = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' };
  deepEqual(problems({ podAffinity: { [REQUIRED]: [near] }, podAntiAffinity: { [REQUIRED]: [near] } }), []);
  const podAffinity = { [REQUIRED]: [{ ...near, topologyKey: '' }] };
  const path = `a.podAffinity.${REQUIRED}[0]`;
  deepEqual(problems({ podAffinity }), [
    `${path}.topologyKey: Required value: can not be empty`,
    `${path}.topologyKey: Invalid value: "": name part must be non-empty`,
  ]);
  const selector = { matchExpressions: [{ key: 'a', operator: 'Gt' }] };
  const far = { ...near, labelSelector: selector, namespaceSelector: selector };
  const term = `a.podAntiAffinity.${PREFERRED}[0].podAffinityTerm`;
  deepEqual(problems({ podAntiAffinity: { [PREFERRED]: [{ weight: 100, podAffinityTerm: far }] } }), [
    `${term}.labelSelector.matchExpressions[0].operator: Invalid value: "Gt": not a valid selector operator`,
    `${term}.namespaceSelector.matchExpressions[0].operator: Invalid value: "Gt": not a valid selector operator`,
  ]);
});
